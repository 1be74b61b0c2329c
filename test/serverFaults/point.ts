import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Violation } from '../crash/history.js';
import { type FaultSettings, faultEnvironment } from '../faults/faultLibrary.js';
import { checkOpenedAgain } from './check.js';
import type { Installation } from './installation.js';
import { type Ending, ServerProcess } from './serverProcess.js';
import { Client, type Outcome, entityCount } from './workload.js';

/** One place in the life of a server at which its disk fails. */
export interface Point {
  readonly call: string;
  readonly nth: number;
  readonly error: NonNullable<FaultSettings['error']>;
  readonly forEver: boolean;
  /** How the server ends afterwards. */
  readonly end: 'SIGTERM' | 'SIGKILL';
}

export interface Template {
  readonly dataDir: string;
  /** What was acknowledged when it was made. */
  readonly outcomes: readonly Outcome[];
}

export interface PointResult {
  readonly met: boolean;
  readonly started: boolean;
  readonly acknowledged: number;
  readonly refused: number;
  readonly inDoubt: number;
}

const strands = 4;
export const appendsPerStrand = 10;

/** Faults that a caller must never hear of. */
const isHidden = ({ error }: Point): boolean => error === 'EINTR' || error === 'SHORT';

const inDoubtCode = 'append_outcome_unknown';
const refusals: Readonly<Record<string, number>> = {
  [inDoubtCode]: 503,
  storage_unavailable: 503,
  storage_full: 507,
  // Where the bytes that it needs can't be read.
  storage_damaged: 503,
};

/** Runs a server over a copy of the template whose disk fails at `point`; throws a Violation. */
export async function runPoint(
  point: Point,
  { installation, template }: { installation: Installation; template: Template },
): Promise<PointResult> {
  const directory = await mkdtemp(join(tmpdir(), 'allsource-point-'));
  const dataDir = join(directory, 'data');
  const met = join(directory, 'met');
  try {
    await cp(template.dataDir, dataDir, { recursive: true });
    const { call: calls, nth, error, forEver } = point;
    const settings = { calls, nth, error, forEver, path: dataDir, met };
    const env = faultEnvironment(settings, installation.preload);
    const told = await serve(point, { installation, dataDir, env });
    const outcomes = [...template.outcomes, ...told.outcomes];
    await checkOpenedAgain(dataDir, { outcomes, seen: told.seen });
    const count = (wanted: (code: string) => boolean) =>
      told.outcomes.filter(({ code }) => wanted(code)).length;
    return {
      met: existsSync(met),
      started: told.started,
      acknowledged: count((code) => code === 'acknowledged'),
      refused: count((code) => code !== 'acknowledged' && code !== inDoubtCode),
      inDoubt: count((code) => code === inDoubtCode),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Served {
  readonly started: boolean;
  readonly outcomes: readonly Outcome[];
  /** Ids of events that a reader was given. */
  readonly seen: readonly string[];
}

async function serve(
  point: Point,
  options: {
    installation: Installation;
    dataDir: string;
    env: Readonly<Record<string, string>>;
  },
): Promise<Served> {
  const server = new ServerProcess(options.installation, options);
  try {
    const address = await server.started();
    if (typeof address !== 'string') {
      checkRefusedStart(point, address);
      return { started: false, outcomes: [], seen: [] };
    }
    const { outcomes, seen } = await useServer(address, point);
    checkEnding(point, await server.stop(point.end));
    return { started: true, outcomes, seen };
  } catch (error) {
    const { code, signal, errors } = await server.stop('SIGKILL');
    if (error instanceof Violation) throw error;
    const said = `${String(error)}; the server: ${code ?? signal} ${errors}`;
    throw new Violation(said, { cause: error });
  }
}

async function useServer(address: string, point: Point): Promise<Omit<Served, 'started'>> {
  const client = new Client(address);
  const outcomes = await appendAll(client, 1000);
  for (const outcome of outcomes) checkOutcome(point, outcome);
  return { outcomes, seen: await readAllBack(client, { point, outcomes }) };
}

/** Several callers at once, each with one append after the other, and with reads in between. */
export async function appendAll(client: Client, first: number): Promise<Outcome[]> {
  const strand = async (_: unknown, index: number): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    for (let i = 0; i < appendsPerStrand; i++) {
      outcomes.push(await client.append(first + index * appendsPerStrand + i));
      if (i % 5 === 0) await client.read(i % entityCount);
    }
    return outcomes;
  };
  return (await Promise.all(Array.from({ length: strands }, strand))).flat();
}

/** Whether reads can't go on: sealed segments are opened when they are read. */
function isOfReads({ call }: Point): boolean {
  return call === 'pread' || call === 'open';
}

function checkOutcome(point: Point, { append, status, code }: Outcome): void {
  const isRight = code === 'acknowledged' ? status === 200 : refusals[code] === status;
  if (!isRight) throw new Violation(`append ${append} was answered with ${status} ${code}`);
  if (code === 'acknowledged' || !isHidden(point)) {
    if (code !== 'storage_damaged' || isOfReads(point)) return;
  }
  throw new Violation(`append ${append} was told of a fault that is none: ${code}`);
}

/** Reads go on: everything acknowledged is shown, after whatever happened. */
async function readAllBack(
  client: Client,
  { point, outcomes }: { point: Point; outcomes: readonly Outcome[] },
): Promise<string[]> {
  const seen: string[] = [];
  for (let entity = 0; entity < entityCount; entity++) {
    const ids = await client.read(entity);
    const mayFail = isOfReads(point) && !isHidden(point);
    if (Array.isArray(ids)) seen.push(...ids);
    else if (!mayFail) throw new Violation(`reading e${entity} was answered with ${ids}`);
    else return seen;
  }
  const appends = new Set(seen.map((id) => parseInt(id.slice(24, 32), 16)));
  for (const { append, code } of outcomes) {
    if (code !== 'acknowledged' || appends.has(append)) continue;
    throw new Violation(`append ${append} was acknowledged, and reads do not show it`);
  }
  return seen;
}

function checkRefusedStart(point: Point, { code, signal, errors }: Ending): void {
  checkSanitizers(errors);
  if (signal !== null || code === 0) throw new Violation(`no start: ${code ?? signal}\n${errors}`);
  if (isHidden(point)) throw new Violation(`no start for a fault that is none\n${errors}`);
  if (/code: '(storage_\w+|store_locked)'/.test(errors)) return;
  throw new Violation(`no start, and no reason of the table of errors\n${errors}`);
}

function checkEnding(point: Point, { code, signal, errors }: Ending): void {
  checkSanitizers(errors);
  const isExpected = point.end === 'SIGKILL' ? signal === 'SIGKILL' : signal === null;
  if (!isExpected) throw new Violation(`the server ended with ${code ?? signal}\n${errors}`);
}

function checkSanitizers(errors: string): void {
  if (!/AddressSanitizer|runtime error:/.test(errors)) return;
  throw new Violation(`a sanitizer reports\n${errors}`);
}
