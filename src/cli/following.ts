import { InvalidArgumentError } from 'commander';
import { wholeNumberFrom } from './options.js';
import { printNote } from './output.js';
import { followLive, type LiveFilter, type ServerTarget } from './target/index.js';

// What commands that print what comes have in common.

export type StartFlag = number | 'now' | 'beginning';

/** An argument parser for `--from`. */
export function parseStart(text: string): StartFlag {
  if (text === 'now' || text === 'beginning') return text;
  try {
    return wholeNumberFrom(1)(text);
  } catch {
    throw new InvalidArgumentError('Expected a position from 1, beginning, or now.');
  }
}

/** Undefined where nothing of what is there is wanted. */
export function firstPosition(from: StartFlag): number | undefined {
  if (from === 'now') return undefined;
  return from === 'beginning' ? 1 : from;
}

/** Lines of a live stream until the person interrupts. */
export function followUntilInterrupt(
  target: ServerTarget,
  { from = 'now', filter }: { readonly from: StartFlag | undefined; readonly filter: LiveFilter },
): AsyncIterable<Uint8Array> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
  return followLive(target, { from: firstPosition(from), filter, signal: interrupt.signal });
}

/** A directory is looked at, and not followed. */
export function noteEndOfDirectory(): void {
  printNote(
    'that is all there was; to follow what is appended now, give the --url of the server that ' +
      'has this directory open',
  );
}
