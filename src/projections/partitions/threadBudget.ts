import { availableParallelism } from 'node:os';

/** Threads that one replay asks for, at most. */
export const partitionsMax = 16;
/** Threads of all replays of the process, at most: where others have them, it gets fewer, or none. */
const threadsMax = 32;
const partitionsUsual = 4;

let taken = 0;

/** The thread of the store has little to do meanwhile: it needs no core of its own. */
export function usualPartitions(): number {
  return Math.min(availableParallelism(), partitionsUsual);
}

/** How many it gets; they are to be given back. */
export function takeThreads(wanted: number): number {
  const given = Math.min(wanted, threadsMax - taken);
  taken += given;
  return given;
}

export function giveThreads(count: number): void {
  taken -= count;
}
