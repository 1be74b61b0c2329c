// The process that is crashed: appends and reads without end, and tells on its standard output what
// was acknowledged and what was seen.
//
//   opening                          next it opens the store
//   a <append> <position>:<version>… an append was acknowledged; one place for each of its events
//   s <reader> <position> <id>       a reader was given this event
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openEventStore } from '../../dist/index.js';

const [dataDir, runText, seedText, inFlightText, segmentBytesText, durability] =
  process.argv.slice(2);
const run = Number(runText);
const tenants = ['default', 'other'];
const entityCount = 20;
const typeCount = 5;
const newestSeen = 8;

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

/** The event id of a part of an append: a reader can ask for it before it is acknowledged. */
function eventId(append, part) {
  const hex = createHash('sha256').update(`${run}/${append}/${part}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const random = makeRandom(Number(seedText));
const chooseToRead = makeRandom(Number(seedText) + 1);
const fillers = [0, 10, 100, 1000, 5000, 20_000];

/** Append `number` of this run: a single event, or a batch over several entities. */
function makeEvents(number) {
  const of = random(3) === 0 ? 2 + random(12) : 1;
  const fillerBytes = fillers[random(10) < 8 ? random(4) : random(fillers.length)];
  const filler = 'x'.repeat(fillerBytes);
  return Array.from({ length: of }, (_, part) => ({
    eventType: `crash.test.${random(typeCount)}`,
    entityId: `e${random(entityCount)}`,
    tenantId: random(4) === 0 ? 'other' : 'default',
    eventId: eventId(number, part),
    payload: { run, append: number, part, of, fillerBytes, filler },
  }));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const told = (reader, { position, id }) => `s ${reader} ${position} ${id}\n`;

writeSync(1, 'opening\n');
const store = await openEventStore({
  dataDir,
  durability,
  segmentBytesMax: Number(segmentBytesText),
  // The log is compared position by position.
  snapshots: { automatic: false },
});
if (store.damage !== null) throw new Error(JSON.stringify(store.damage));

let next = 0;

async function appendForEver() {
  for (;;) {
    const number = next++;
    const events = makeEvents(number);
    const results =
      events.length === 1
        ? [await store.append(events[0])]
        : (await store.appendBatch(events)).results;
    const places = results.map(({ position, version }) => `${position}:${version}`);
    writeSync(1, `a ${number} ${places.join(' ')}\n`);
  }
}

/** The newest events that a way of reading gives, over and over. */
async function readForEver(reader, makeFilter) {
  for (;;) {
    const filter = { tenantId: tenants[chooseToRead(2)], order: 'desc', limit: newestSeen };
    const { events } = await store.readPage({ ...filter, ...makeFilter() });
    if (events.length > 0) writeSync(1, events.map((event) => told(reader, event)).join(''));
    await turn();
  }
}

/** Asks for the last events that were given to the store, most of them not acknowledged yet. */
async function readIdsForEver() {
  for (;;) {
    await turn();
    const id = eventId(Math.max(0, next - 1 - chooseToRead(20)), 0);
    for (const tenantId of tenants) {
      const event = await store.getEvent(id, { tenantId });
      if (event !== undefined) writeSync(1, told('id', event));
    }
  }
}

async function subscribeForEver(tenantId) {
  const from = Math.max(1, store.watermark - 100);
  for await (const event of store.subscribe({ tenantId, from }).events()) {
    writeSync(1, told('subscription', event));
  }
}

await Promise.all([
  ...Array.from({ length: Number(inFlightText) }, appendForEver),
  readForEver('entity', () => ({ entityId: `e${chooseToRead(entityCount)}` })),
  readForEver('type', () => ({ eventType: `crash.test.${chooseToRead(typeCount)}` })),
  readIdsForEver(),
  ...tenants.map(subscribeForEver),
]);
