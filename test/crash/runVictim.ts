import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const victimFile = fileURLToPath(new URL('victim.mjs', import.meta.url));
const stallDeadlineMs = 60_000;

/** One acknowledged append: the places of its events. */
export interface Acknowledged {
  readonly run: number;
  readonly append: number;
  readonly places: readonly { readonly position: number; readonly version: number }[];
}

/** An event that a reader was given. */
export interface Seen {
  readonly reader: string;
  readonly position: number;
  readonly id: string;
}

export interface Told {
  readonly acknowledged: readonly Acknowledged[];
  readonly seen: readonly Seen[];
}

export interface RunningVictim {
  readonly child: ChildProcess;
  /** Resolves when the process is gone and all of its output is read. */
  readonly gone: Promise<void>;
  /** Its output up to now. */
  output(): string;
  /** What it said on its standard error; where it ends by itself, that is why. */
  errors(): string;
}

/** Ends a victim; returns the part of its output that must hold afterwards. */
export type Strike = (victim: RunningVictim) => Promise<string>;

export const killStrike: Strike = async ({ child, gone, output }) => {
  child.kill('SIGKILL');
  await gone;
  return output();
};

export interface VictimOptions {
  readonly dataDir: string;
  readonly run: number;
  readonly seed: number;
  readonly inFlight: number;
  readonly segmentBytesMax: number;
  readonly durability: 'sync' | 'async';
  /** Strikes after this many acknowledgements; 0 = this many milliseconds after it began to open. */
  readonly strikeAfter: { readonly acknowledged: number; readonly openingMs: number };
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a victim, strikes it when its time has come, and returns what it told. */
export async function runVictim(options: VictimOptions, strike: Strike): Promise<Told> {
  const { dataDir, run, seed, inFlight, segmentBytesMax, durability, strikeAfter } = options;
  const args = [victimFile, dataDir, run, seed, inFlight, segmentBytesMax, durability].map(String);
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const gone = once(child, 'close').then(() => undefined);
  const pieces: string[] = [];
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (piece: string) => errors.push(piece));
  const victim = { child, gone, output: () => pieces.join(''), errors: () => errors.join('') };
  try {
    await untilItsTime(victim, pieces, strikeAfter);
    return parse(await strike(victim), run);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Rejects where the process ends by itself, or acknowledges nothing for too long. */
async function untilItsTime(
  { child, gone, errors }: RunningVictim,
  pieces: string[],
  strikeAfter: VictimOptions['strikeAfter'],
): Promise<void> {
  let acknowledged = 0;
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    const stall = () => reject(new Error(`${acknowledged} appends acknowledged, then none`));
    timer = setTimeout(stall, stallDeadlineMs);
  });
  const itsTime = new Promise<void>((resolve) => {
    child.stdout?.setEncoding('latin1').on('data', (piece: string) => {
      const isOpening = pieces.length === 0;
      pieces.push(piece);
      const more = countAcknowledged(piece);
      acknowledged += more;
      if (more > 0) timer?.refresh();
      if (strikeAfter.acknowledged > 0 && acknowledged >= strikeAfter.acknowledged) resolve();
      if (strikeAfter.acknowledged === 0 && isOpening) setTimeout(resolve, strikeAfter.openingMs);
    });
  });
  const ended = gone.then(() => {
    const ending = child.exitCode ?? child.signalCode;
    throw new Error(`the victim ended by itself, with ${ending}: ${errors()}`);
  });
  try {
    await Promise.race([itsTime, stalled, ended]);
  } finally {
    clearTimeout(timer);
    ended.catch(() => undefined);
  }
}

const countAcknowledged = (piece: string): number => piece.split('\na ').length - 1;

function parse(output: string, run: number): Told {
  const acknowledged: Acknowledged[] = [];
  const seen = new Map<string, Seen>();
  // The last line may be cut.
  for (const line of output.split('\n').slice(0, -1)) {
    const [kind, first = '', ...rest] = line.split(' ');
    if (kind === 'a') {
      acknowledged.push({ run, append: Number(first), places: rest.map(parsePlace) });
    } else if (kind === 's') {
      const [position = '', id = ''] = rest;
      seen.set(`${position} ${id}`, { reader: first, position: Number(position), id });
    }
  }
  return { acknowledged, seen: [...seen.values()] };
}

function parsePlace(place: string): { position: number; version: number } {
  const [position = '', version = ''] = place.split(':');
  return { position: Number(position), version: Number(version) };
}
