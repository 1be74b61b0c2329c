import type { CrashedStore } from './rounds.js';
import { Tally } from './rounds.js';

/** A store goes through this many rounds, at most, before a new one takes its place. */
export const roundsPerStoreMax = 20;

export interface Series {
  /** Ends when this many crashes were survived. */
  readonly crashes: number;
  readonly roundsPerStore?: number;
  makeStore(): Promise<SeriesStore>;
  readonly onProgress?: (tally: Tally) => void;
}

export interface SeriesStore {
  readonly store: CrashedStore;
  /** Said of a round that fails. */
  readonly place: string;
  remove(): Promise<void>;
}

/** Crashes one store after the other; what fails is kept and named. */
export async function runSeries(series: Series): Promise<Tally> {
  const { crashes, roundsPerStore = roundsPerStoreMax, makeStore, onProgress } = series;
  const tally = new Tally();
  while (tally.crashes < crashes) {
    const { store, place, remove } = await makeStore();
    for (let round = 0; round < roundsPerStore && tally.crashes < crashes; round++) {
      try {
        tally.add(await store.round());
      } catch (error) {
        throw new Error(`after ${tally.crashes} crashes; the files are kept: ${place}`, {
          cause: error,
        });
      }
    }
    await remove();
    onProgress?.(tally);
  }
  return tally;
}
