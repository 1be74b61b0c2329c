import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openEventStore } from '../../src/index.js';
import type { EventStore, StoredEvent } from '../../src/index.js';

const victim = fileURLToPath(new URL('victim.mjs', import.meta.url));
export const segmentBytesMax = 256 * 1024;
const roundDeadlineMs = 60_000;

/** Whole numbers from 0 up to but not including `below`; the same for the same seed. */
export type Random = (below: number) => number;

export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One acknowledged append: the places of its events. */
interface Acknowledged {
  readonly append: number;
  readonly places: readonly { readonly position: number; readonly version: number }[];
}

/** What the victim put into each event. */
interface Mark {
  readonly run: number;
  readonly append: number;
  readonly part: number;
  readonly of: number;
}

export interface RoundResult {
  readonly acknowledged: number;
  readonly events: number;
}

/** A store that is killed again and again, and what is known of it. */
export class CrashedStore {
  #run = 0;
  /** Ids of all events by position - 1, as the last check found them. */
  #ids: string[] = [];

  constructor(
    readonly dataDir: string,
    readonly random: Random,
  ) {}

  /** Starts a victim, kills it, opens the store and checks everything; throws at the first fault. */
  async round(): Promise<RoundResult> {
    this.#run += 1;
    const acknowledged = await this.#kill();
    const store = await openEventStore({ dataDir: this.dataDir, segmentBytesMax });
    try {
      const events = await this.#check(store, acknowledged);
      return { acknowledged: acknowledged.length, events };
    } finally {
      await store.close();
    }
  }

  async #kill(): Promise<Acknowledged[]> {
    const { random } = this;
    const inFlight = [1, 4, 16, 64][random(4)] ?? 1;
    const args = [victim, this.dataDir, this.#run, random(2 ** 31), inFlight, 'sync'].map(String);
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const deadline = setTimeout(() => child.kill('SIGKILL'), roundDeadlineMs);
    // One round in eight dies while it opens, recovers and starts; the others after some appends.
    const linesMax = random(8) === 0 ? 0 : 1 + random(inFlight === 1 ? 400 : 3000);
    if (linesMax === 0) setTimeout(() => child.kill('SIGKILL'), 30 + random(100));
    let text = '';
    let lines = 0;
    child.stdout.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      lines += piece.split('\n').length - 1;
      if (linesMax > 0 && lines > linesMax) child.kill('SIGKILL');
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(deadline);
    if (signal !== 'SIGKILL') throw new Error(`the victim ended by itself, with ${code}`);
    return parse(text);
  }

  async #check(store: EventStore, acknowledged: readonly Acknowledged[]): Promise<number> {
    if (store.damage !== null) throw new Error(`damage: ${JSON.stringify(store.damage)}`);
    const events = await readAll(store);
    checkNumbers(events, store.watermark);
    this.#checkHistory(events);
    checkWhole(events);
    checkAcknowledged(events, acknowledged, this.#run);
    const report = await store.verify();
    if (!report.ok) throw new Error(`verify: ${JSON.stringify(report.files)}`);
    await this.#retry(store, events);
    this.#ids = (await readAll(store)).map(({ id }) => id);
    return events.length;
  }

  /** What was there after the round before is there still, in the same places. */
  #checkHistory(events: readonly StoredEvent[]): void {
    for (const [index, id] of this.#ids.entries()) {
      if (events[index]?.id !== id) throw new Error(`position ${index + 1} is not ${id} any more`);
    }
  }

  /** Some of the last events again, under their ids: known, and written no second time. */
  async #retry(store: EventStore, events: readonly StoredEvent[]): Promise<void> {
    for (const event of events.slice(-20)) {
      const { eventType, entityId, tenantId, payload, id: eventId } = event;
      const again = await store.append({ eventType, entityId, tenantId, payload, eventId });
      if (again.deduplicated && again.position === event.position) continue;
      throw new Error(`event ${eventId} of position ${event.position} was written again`);
    }
  }
}

function parse(text: string): Acknowledged[] {
  // The last line may be cut.
  const lines = text.split('\n').slice(0, -1);
  return lines.slice(1).map((line) => {
    const [append = '', ...places] = line.split(' ');
    return {
      append: Number(append),
      places: places.map((place) => {
        const [position = '', version = ''] = place.split(':');
        return { position: Number(position), version: Number(version) };
      }),
    };
  });
}

async function readAll(store: EventStore): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (const tenantId of ['default', 'other']) {
    for await (const event of store.read({ tenantId })) events.push(event);
  }
  return events.sort((a, b) => a.position - b.position);
}

function checkNumbers(events: readonly StoredEvent[], watermark: number): void {
  if (events.length !== watermark) throw new Error(`${events.length} events, not ${watermark}`);
  const versions = new Map<string, number>();
  let timestamp = 0;
  for (const [index, event] of events.entries()) {
    const key = `${event.tenantId}/${event.entityId}`;
    const version = (versions.get(key) ?? 0) + 1;
    versions.set(key, version);
    const isRight =
      event.position === index + 1 && event.version === version && event.timestamp >= timestamp;
    if (!isRight) throw new Error(`out of order: ${JSON.stringify({ ...event, payload: null })}`);
    timestamp = event.timestamp;
  }
}

function markOf(event: StoredEvent | undefined): Mark {
  // The victim wrote it; whatever else stands there fails the comparisons.
  return (event?.payload ?? {}) as unknown as Mark;
}

/** Every append stands there whole, its parts one behind the other, appends in order of the calls. */
function checkWhole(events: readonly StoredEvent[]): void {
  let last = { run: 0, append: -1 };
  for (let at = 0; at < events.length;) {
    const first = markOf(events[at]);
    const isNext = first.run > last.run || (first.run === last.run && first.append > last.append);
    if (!isNext) throw new Error(`append ${first.run}/${first.append} is twice or out of order`);
    for (let part = 0; part < first.of; part++) {
      const { run, append, part: found } = markOf(events[at + part]);
      if (run === first.run && append === first.append && found === part) continue;
      throw new Error(`append ${first.run}/${first.append} is there by half`);
    }
    last = first;
    at += first.of;
  }
}

function checkAcknowledged(
  events: readonly StoredEvent[],
  acknowledged: readonly Acknowledged[],
  run: number,
): void {
  for (const { append, places } of acknowledged) {
    for (const [part, { position, version }] of places.entries()) {
      const event = events[position - 1];
      const mark = markOf(event);
      const isThere =
        mark.run === run &&
        mark.append === append &&
        mark.part === part &&
        mark.of === places.length;
      if (isThere && event?.version === version) continue;
      throw new Error(`lost: append ${append} of run ${run}, acknowledged at ${position}`);
    }
  }
}
