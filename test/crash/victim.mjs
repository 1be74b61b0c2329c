// The process that is killed: appends without end, and tells on its standard output what was
// acknowledged, one line an append: its number, and the position and version of each of its events.
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openEventStore } from '../../dist/index.js';

const [dataDir, runText, seedText, inFlightText, durability] = process.argv.slice(2);
const run = Number(runText);
const inFlightMax = Number(inFlightText);

/** Mulberry32: a small random generator whose whole state is its seed. */
function makeRandom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The event id of a part of an append: the test can make it again and retry. */
function eventId(append, part) {
  const hex = createHash('sha256').update(`${run}/${append}/${part}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const random = makeRandom(Number(seedText));
const fillers = [0, 10, 100, 1000, 5000, 20_000];

/** Append `number` of this run: a single event, or a batch over several entities. */
function makeEvents(number) {
  const of = random(3) === 0 ? 2 + random(12) : 1;
  const filler = 'x'.repeat(fillers[random(10) < 8 ? random(4) : random(fillers.length)]);
  return Array.from({ length: of }, (_, part) => ({
    eventType: 'crash.test',
    entityId: `e${random(20)}`,
    tenantId: random(4) === 0 ? 'other' : 'default',
    eventId: eventId(number, part),
    payload: { run, append: number, part, of, filler },
  }));
}

const store = await openEventStore({ dataDir, durability, segmentBytesMax: 256 * 1024 });
if (store.damage !== null) throw new Error(JSON.stringify(store.damage));
writeSync(1, 'open\n');

async function appendOne(number) {
  const events = makeEvents(number);
  const results =
    events.length === 1
      ? [await store.append(events[0])]
      : (await store.appendBatch(events)).results;
  const places = results.map(({ position, version }) => `${position}:${version}`);
  writeSync(1, `${number} ${places.join(' ')}\n`);
}

let next = 0;
const appendForEver = async () => {
  for (;;) await appendOne(next++);
};
await Promise.all(Array.from({ length: inFlightMax }, appendForEver));
