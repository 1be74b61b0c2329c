import { Counter, Gauge, type Registry } from 'prom-client';

/** Something that is told of each of a kind: of each consumer, of each webhook. */
export interface Measure<T> {
  readonly kind: 'gauge' | 'counter';
  /** Without `allsource_`. */
  readonly name: string;
  readonly help: string;
  /** A label by whose values the measure is split. */
  readonly splitBy?: string;
  /** One number, or one for each value of that label; undefined where there is nothing to tell. */
  readonly read: (of: T) => number | Readonly<Record<string, number>> | undefined;
}

/** Those of a kind, with the values of the labels that tell them apart. */
export interface Labelled<T> {
  readonly of: T;
  readonly labels: Readonly<Record<string, string>>;
}

interface MeasuresOptions<T> {
  readonly measures: readonly Measure<T>[];
  readonly labelNames: readonly string[];
  /** Bounded: all that it gives has labels of its own. */
  readonly readAll: () => Promise<readonly Labelled<T>[]>;
}

/** Adds measures that are read when `/metrics` is asked for. */
export function addMeasures<T>(registry: Registry, options: MeasuresOptions<T>): void {
  const { measures, labelNames, readAll } = options;
  for (const { kind, name, help, splitBy, read } of measures) {
    const Kind: typeof Counter | typeof Gauge = kind === 'counter' ? Counter : Gauge;
    new Kind({
      name: `allsource_${name}`,
      help,
      labelNames: splitBy === undefined ? labelNames : [...labelNames, splitBy],
      registers: [registry],
      async collect() {
        const all = await readAll();
        this.reset();
        for (const { of, labels } of all) {
          const value = read(of);
          if (typeof value === 'number') this.inc(labels, value);
          else if (splitBy !== undefined) {
            for (const [part, count] of Object.entries(value ?? {})) {
              this.inc({ ...labels, [splitBy]: part }, count);
            }
          }
        }
      },
    });
  }
}
