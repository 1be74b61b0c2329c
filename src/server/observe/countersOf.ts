import { Counter, type Registry } from 'prom-client';

/** A counter of something that counts by itself. */
export interface CounterOf<C> {
  /** Behind `allsource_`. */
  readonly name: string;
  readonly help: string;
  readonly read: (counts: C) => number;
}

/** Adds counters that take their values when they are asked for. */
export function addCountersOf<C>(
  registry: Registry,
  counters: readonly CounterOf<C>[],
  countsOf: () => C,
): void {
  for (const { name, help, read } of counters) {
    new Counter({
      name: `allsource_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read(countsOf()));
      },
    });
  }
}
