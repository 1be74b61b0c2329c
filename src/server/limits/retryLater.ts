import { AllSourceError } from '../../domain/index.js';

/** Whoever is told so may try again later. */
export class RetryLaterError extends AllSourceError {
  override readonly name = 'RetryLaterError';
  /** Whole seconds, 1 at least. */
  readonly retryAfterSeconds: number;

  constructor(code: 'quota_exceeded' | 'rate_limited', message: string, seconds: number) {
    const retryAfterSeconds = Math.max(1, Math.ceil(seconds));
    super(code, `${message}; try again in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
