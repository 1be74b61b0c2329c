import { RetryLaterError } from './retryLater.js';

/** Failures that are free; then each wait is twice the one before. Many people may share an address. */
const freeFailures = { account: 5, address: 50 };
const firstWaitMs = 1_000;
const waitMaxMs = 15 * 60_000;
/** Who did not fail for so long begins anew. */
const forgetMs = 60 * 60_000;
const keptMax = 100_000;

type Kind = keyof typeof freeFailures;

interface Attempt {
  readonly account: string;
  readonly address: string;
}

interface Failures {
  count: number;
  lastMs: number;
}

/**
 * Slows down whoever guesses passwords: failures are counted for each account and for each address, and
 * after a few of them the next try has to wait, longer each time.
 */
export class LoginLimits {
  readonly #failures = {
    account: new Map<string, Failures>(),
    address: new Map<string, Failures>(),
  };
  readonly #now: () => number;

  /** `now` gives milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts an attempt as one that fails; throws `rate_limited` where it has to wait. */
  begin({ account, address }: Attempt): void {
    const waitMs = Math.max(this.#waitMs('account', account), this.#waitMs('address', address));
    if (waitMs > 0) {
      throw new RetryLaterError('rate_limited', 'too many failed logins', waitMs / 1000);
    }
    this.#add('account', account);
    this.#add('address', address);
  }

  /** It did not fail. What others did from the address counts on: who has an account may guess that of another. */
  succeeded({ account, address }: Attempt): void {
    this.#failures.account.delete(account);
    const failures = this.#failures.address.get(address);
    if (failures !== undefined) failures.count -= 1;
  }

  #add(kind: Kind, key: string): void {
    const all = this.#failures[kind];
    const count = (this.#current(kind, key)?.count ?? 0) + 1;
    // The newest are last.
    all.delete(key);
    all.set(key, { count, lastMs: this.#now() });
    const [oldest] = all.keys();
    if (all.size > keptMax && oldest !== undefined) all.delete(oldest);
  }

  #waitMs(kind: Kind, key: string): number {
    const failures = this.#current(kind, key);
    const free = freeFailures[kind];
    if (failures === undefined || failures.count < free) return 0;
    const waitMs = Math.min(firstWaitMs * 2 ** (failures.count - free), waitMaxMs);
    return failures.lastMs + waitMs - this.#now();
  }

  #current(kind: Kind, key: string): Failures | undefined {
    const failures = this.#failures[kind].get(key);
    if (failures !== undefined && this.#now() - failures.lastMs < forgetMs) return failures;
    this.#failures[kind].delete(key);
    return undefined;
  }
}
