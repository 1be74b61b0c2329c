/** How a process ends on a signal. */
export interface StopOptions {
  /** Finishes the work under way; called once. */
  readonly close: () => Promise<void>;
  /** Told of the signal, before `close` is called; for the log. */
  readonly onSignal?: ((signal: NodeJS.Signals) => void) | undefined;
  /** Told of a `close` that failed. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Ends the process; default `process.exit`. */
  readonly exit?: ((code: number) => void) | undefined;
}

const stopSignals = ['SIGINT', 'SIGTERM'] as const;
const exitCodes = { SIGINT: 130, SIGTERM: 143 };

/**
 * On SIGTERM or SIGINT calls `close`, then exits with 0, or 1 where it failed. A second signal
 * leaves at once with 128 + its number; what was acknowledged is durable all the same. Returns a
 * function that takes the handlers away.
 */
export function stopOnSignals(options: StopOptions): () => void {
  const exit = options.exit ?? ((code: number) => process.exit(code));
  let isStopping = false;
  const stop = (signal: (typeof stopSignals)[number]): void => {
    if (isStopping) {
      exit(exitCodes[signal]);
      return;
    }
    isStopping = true;
    options.onSignal?.(signal);
    options.close().then(
      () => exit(0),
      (error: unknown) => {
        options.onError?.(error);
        exit(1);
      },
    );
  };
  const handlers = stopSignals.map((signal) => ({ signal, handler: () => stop(signal) }));
  for (const { signal, handler } of handlers) process.on(signal, handler);
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler);
  };
}
