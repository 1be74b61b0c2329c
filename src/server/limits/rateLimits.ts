import { RetryLaterError } from './retryLater.js';

/** What a tenant may ask for; 0 requests a minute = no bound. */
export interface Rate {
  readonly requestsPerMinute: number;
  readonly requestBurst: number;
}

/** What is left for a tenant after a request. */
export interface RateState {
  /** Requests that may come at once. */
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds until all of them are there again. */
  readonly resetSeconds: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const msPerMinute = 60_000;
/** Full ones say nothing that their absence does not. */
const bucketsMax = 100_000;

/**
 * Token buckets, one for each tenant: it holds as many requests as may come at once, and fills evenly. The
 * clock never goes back, and parts of a request count.
 */
export class RateLimits {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;
  #refused = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Requests that were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes one request; whether there was one is for `mustBeLeft`. Undefined where there is no bound. */
  take(tenantId: string, rate: Rate): (RateState & { readonly waitMs: number }) | undefined {
    if (rate.requestsPerMinute === 0) return undefined;
    const { requestBurst: limit } = rate;
    const perMs = rate.requestsPerMinute / msPerMinute;
    const bucket = this.#filled(tenantId, { limit, perMs });
    const isLeft = bucket.tokens >= 1;
    if (isLeft) bucket.tokens -= 1;
    else this.#refused += 1;
    return {
      limit,
      remaining: Math.floor(bucket.tokens),
      resetSeconds: Math.ceil((limit - bucket.tokens) / perMs / 1000),
      waitMs: isLeft ? 0 : (1 - bucket.tokens) / perMs,
    };
  }

  #filled(tenantId: string, { limit, perMs }: { limit: number; perMs: number }): Bucket {
    const now = this.#now();
    let bucket = this.#buckets.get(tenantId);
    if (bucket === undefined) {
      bucket = { tokens: limit, atMs: now };
      this.#buckets.set(tenantId, bucket);
      if (this.#buckets.size > bucketsMax) this.#forgetOldest();
    }
    // Another limit may have been set meanwhile.
    bucket.tokens = Math.min(limit, bucket.tokens + (now - bucket.atMs) * perMs);
    bucket.atMs = now;
    return bucket;
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

/** Throws `rate_limited` where a request was not there to be taken. */
export function mustBeLeft(rate: { readonly waitMs: number } | undefined): void {
  if (rate === undefined || rate.waitMs === 0) return;
  throw new RetryLaterError('rate_limited', 'too many requests of the tenant', rate.waitMs / 1000);
}

/** The headers of every answer to a tenant with a bound, names and values in turn. */
export function rateHeaders({ limit, remaining, resetSeconds }: RateState): readonly string[] {
  return [
    'x-ratelimit-limit',
    String(limit),
    'x-ratelimit-remaining',
    String(remaining),
    'x-ratelimit-reset',
    String(resetSeconds),
  ];
}
