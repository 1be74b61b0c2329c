/** Whole numbers from 0 up to but not including `below`; the same for the same seed. */
export type Random = (below: number) => number;

export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A seed from `text`, or one of the clock. */
export function seedOf(text: string | undefined): number {
  return text === undefined ? Date.now() % 2 ** 31 : Number(text);
}
