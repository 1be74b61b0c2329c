const retryDelayMs = 1000;
const retryDelayMsMax = 60_000;

/** Milliseconds before the next delivery, after so many attempts. */
export type RetryDelay = (attempts: number) => number;

export const usualRetryDelay: RetryDelay = (attempts) =>
  Math.min(retryDelayMs * 2 ** (attempts - 1), retryDelayMsMax);
