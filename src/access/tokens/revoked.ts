import { RecordedState, recordEvent } from '../../eventStore/index.js';
import type { SystemAccess } from '../../eventStore/index.js';

const eventType = 'token.revoked';

interface Revocation {
  readonly tokenId: string;
  /** Microseconds since 1970: it is refused by its age from then on. */
  readonly expiresAt: number;
}

/** Tokens that were given back before they expired, recorded in the log. */
export class RevokedTokens {
  readonly #log: SystemAccess;
  readonly #expiry = new Map<string, number>();
  readonly #state: RecordedState;

  constructor(log: SystemAccess) {
    this.#log = log;
    this.#state = new RecordedState(log, () => this.#read());
  }

  load(): Promise<void> {
    return this.#state.load();
  }

  has(tokenId: string): boolean {
    return this.#expiry.has(tokenId);
  }

  async add(tokenId: string, expiresAt: number): Promise<void> {
    await this.#state.inTurn(async () => {
      if (this.#expiry.has(tokenId)) return;
      this.#forgetExpired();
      await this.#record({ tokenId, expiresAt });
    });
  }

  /** They stay in the log, where what lies before is dropped. */
  async rewrite(): Promise<void> {
    await this.#state.inTurn(async () => {
      this.#forgetExpired();
      for (const [tokenId, expiresAt] of this.#expiry) await this.#record({ tokenId, expiresAt });
    });
  }

  async close(): Promise<void> {
    await this.#state.settled();
  }

  async #record(revocation: Revocation): Promise<void> {
    await this.#log.append([recordEvent(eventType, 'tokens', revocation)]);
    this.#expiry.set(revocation.tokenId, revocation.expiresAt);
  }

  #forgetExpired(): void {
    const now = Date.now() * 1000;
    for (const [tokenId, expiresAt] of this.#expiry) {
      if (expiresAt <= now) this.#expiry.delete(tokenId);
    }
  }

  async #read(): Promise<void> {
    for await (const { payload } of this.#log.read({ eventType })) {
      // Only `#record` makes these events.
      const { tokenId, expiresAt } = payload as unknown as Revocation;
      this.#expiry.set(tokenId, expiresAt);
    }
    this.#forgetExpired();
  }
}
