import fc from 'fast-check';

/** Something that takes input from outside, and what must hold of every input. */
export interface FuzzTarget {
  readonly name: string;
  /** Makes what the properties need, and them. */
  open(): Promise<OpenTarget>;
}

export interface OpenTarget {
  readonly properties: readonly fc.IAsyncProperty<[never]>[];
  close(): Promise<void>;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Inputs of each property. */
  readonly runs?: number | undefined;
  /** Ends after this time, when each property had its turn. */
  readonly seconds?: number | undefined;
}

/** Inputs of a property at a time, where the time is the bound. */
const runsPerTurn = 500;

/** How many inputs went in; throws with seed and smallest input where a property does not hold. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<number> {
  const { properties, close } = await target.open();
  const { seconds, runs: numRuns = seconds === undefined ? 100 : runsPerTurn } = options;
  const deadline = performance.now() + (seconds ?? 0) * 1000;
  let inputs = 0;
  try {
    for (let { seed } = options; ; seed += 1) {
      for (const property of properties) {
        await fc.assert(property, { numRuns, seed });
        inputs += numRuns;
      }
      if (performance.now() >= deadline) return inputs;
    }
  } finally {
    await close();
  }
}

/** The property as the runner takes it, which does not look into its input. */
export function property<T>(
  input: fc.Arbitrary<T>,
  holds: (value: T) => Promise<void>,
): fc.IAsyncProperty<[never]> {
  return fc.asyncProperty(input, holds) as fc.IAsyncProperty<unknown> as fc.IAsyncProperty<[never]>;
}

export function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** A text as it is, or changed in some places. */
export function changed(original: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    how: fc.constantFrom('replace', 'insert', 'remove', 'repeat', 'cut', 'append'),
    at: fc.nat(80),
    text: fc.oneof(
      fc.constantFrom('A', '-', '_', '=', '!', ' ', '\n', '0', '9', 'é', '\u0000', '%', '.'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
    ),
  });
  return fc
    .tuple(original, fc.array(change, { maxLength: 3 }))
    .map(([text, changes]) => changes.reduce((all, each) => apply(all, each), text));
}

function apply(whole: string, change: { how: string; at: number; text: string }): string {
  const at = whole.length === 0 ? 0 : change.at % whole.length;
  const [head, tail] = [whole.slice(0, at), whole.slice(at)];
  switch (change.how) {
    case 'replace':
      return head + change.text + tail.slice(change.text.length);
    case 'insert':
      return head + change.text + tail;
    case 'remove':
      return head + tail.slice(1);
    case 'repeat':
      return whole + tail;
    case 'cut':
      return head;
    default:
      return whole + change.text;
  }
}
