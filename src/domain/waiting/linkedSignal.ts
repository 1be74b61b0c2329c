/** Aborts with any of some signals, until it is released. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Takes it off the others; done by itself where one of them aborts. */
  readonly release: () => void;
}

/**
 * For calls that are many, under signals that live long. `AbortSignal.any` would leave something of each call
 * in these: nodejs/node#55351.
 */
export function linkSignals(signals: readonly AbortSignal[]): LinkedSignal {
  const linked = new AbortController();
  const release = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  };
  const abort = (): void => {
    release();
    linked.abort();
  };
  for (const signal of signals) signal.addEventListener('abort', abort);
  if (signals.some(({ aborted }) => aborted)) abort();
  return { signal: linked.signal, release };
}
