import { request } from 'node:http';
import fc from 'fast-check';
import { pino } from 'pino';
import { AllSourceError, decodeCursor, encodeCursor } from '../../src/domain/index.js';
import type { PageCursor } from '../../src/domain/index.js';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, StoredEvent } from '../../src/index.js';
import { listen } from '../../src/server/index.js';
import { changed, expectThat, property } from './target.js';
import type { FuzzTarget } from './target.js';

const eventCount = 60;

/** What a page can be asked for; each has answers, and its own pages. */
interface Filter {
  readonly entityId?: string;
  readonly eventType?: string;
  readonly eventTypePrefix?: string;
  readonly tenantId?: string;
  readonly order?: 'asc' | 'desc';
}

const filters: readonly Filter[] = [
  {},
  { order: 'desc' },
  { entityId: 'e1' },
  { entityId: 'e1', order: 'desc' },
  { entityId: 'e2' },
  { eventType: 'type.a' },
  { eventTypePrefix: 'type.' },
  { eventTypePrefix: 'type.a' },
  { tenantId: 'other' },
  { entityId: 'e1', eventType: 'type.a' },
];

/** Cursors, made up or changed, as text, over the API and over HTTP. */
export const cursorTarget: FuzzTarget = {
  name: 'cursor',
  async open() {
    const store = await openEventStore({ memory: true });
    await fill(store);
    const logger = pino({ level: 'silent' });
    const server = await listen(store, { port: 0, logger, processMetrics: false });
    const events = await Promise.all(filters.map((filter) => allOf(store, filter)));
    const cursors = await realCursors(store);
    return {
      properties: [
        property(anyText(cursors), async (text) => checkText(text)),
        property(anyCursor, async (cursor) => checkRoundTrip(cursor)),
        property(asked(cursors), (ask) => checkPage(store, events, ask)),
        property(asked(cursors), (ask) => checkLists(store, ask.cursor)),
        property(asked(cursors), (ask) => checkHttp(server.port, events, ask)),
      ],
      close: async () => {
        await server.close();
        await store.close();
      },
    };
  },
};

async function fill(store: EmbeddedStore): Promise<void> {
  for (let i = 0; i < eventCount; i++) {
    await store.append({
      entityId: `e${i % 3}`,
      eventType: `type.${'abcd'[i % 4] ?? ''}`,
      tenantId: i % 5 === 0 ? 'other' : 'default',
      payload: i,
    });
  }
}

async function allOf(store: EmbeddedStore, filter: Filter): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of store.read(filter)) events.push(event);
  return events;
}

/** One of each filter and list, by the filter's number. */
async function realCursors(store: EmbeddedStore): Promise<string[]> {
  const pages = await Promise.all(filters.map((filter) => store.readPage({ ...filter, limit: 2 })));
  const lists = [await store.entities({ limit: 1 }), await store.eventTypes({ limit: 1 })];
  return [...pages, ...lists].map(({ nextCursor }) => {
    expectThat(nextCursor !== null, 'there is a second page');
    return nextCursor;
  });
}

const filterText = fc.string({
  unit: fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyz'),
  minLength: 1,
  maxLength: 16,
});
const anyCursor: fc.Arbitrary<PageCursor> = fc.record({
  order: fc.constantFrom('asc', 'desc'),
  position: fc.oneof(fc.integer({ min: 1, max: 80 }), fc.maxSafeInteger().map(positive)),
  filter: filterText,
});

function positive(value: number): number {
  return Math.max(1, Math.abs(value));
}

/** Those of the store with another position or order, too: nothing keeps a client from that. */
function forged(cursors: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...cursors), anyCursor)
    .map(([text, { order, position }]) =>
      encodeCursor({ order, position, filter: decodeCursor(text).filter }),
    );
}

function anyText(cursors: readonly string[]): fc.Arbitrary<string> {
  const inside = fc.tuple(fc.constantFrom('1', '', '2'), fc.string({ maxLength: 24 }));
  const digits = fc.bigInt({ min: 0n, max: 10n ** 17n });
  return fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.base64String({ maxLength: 80 }),
    inside.map((parts) => Buffer.from(parts.join('')).toString('base64url')),
    digits.map((position) => Buffer.from(`1a${position}.0`).toString('base64url')),
    fc.constantFrom(...cursors),
    changed(fc.oneof(fc.constantFrom(...cursors), forged(cursors), anyCursor.map(encodeCursor))),
  );
}

interface Ask {
  readonly filter: number;
  readonly limit: number;
  readonly cursor: string;
}

function asked(cursors: readonly string[]): fc.Arbitrary<Ask> {
  return fc.record({
    filter: fc.nat(filters.length - 1),
    limit: fc.integer({ min: 1, max: 9 }),
    cursor: fc.oneof(forged(cursors), fc.constantFrom(...cursors), anyText(cursors)),
  });
}

function isRefused(error: unknown): boolean {
  return error instanceof AllSourceError && error.code === 'invalid_query';
}

function decoded(text: string): PageCursor | undefined {
  try {
    return decodeCursor(text);
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/** One text for each cursor: whatever else is refused. */
function checkText(text: string): void {
  const cursor = decoded(text);
  if (cursor === undefined) return;
  expectThat(encodeCursor(cursor) === text, 'taken, and not what encodeCursor makes of it');
  expectThat(Number.isSafeInteger(cursor.position), 'a position is a safe integer');
}

function checkRoundTrip(cursor: PageCursor): void {
  const back = decodeCursor(encodeCursor(cursor));
  expectThat(JSON.stringify(back) === JSON.stringify(cursor), 'a cursor comes back');
}

/** What a page must hold: those of the filter from the cursor's position on. */
function expectedPage(events: readonly StoredEvent[], ask: Ask): StoredEvent[] {
  const { position, order } = decodeCursor(ask.cursor);
  const rest = events.filter((event) =>
    order === 'asc' ? event.position >= position : event.position <= position,
  );
  return rest.slice(0, ask.limit);
}

/** A cursor counts where the store gave one of this filter and order, whatever its position. */
async function belongs(store: EmbeddedStore, filter: Filter, text: string): Promise<boolean> {
  const cursor = decoded(text);
  if (cursor === undefined) return false;
  const { nextCursor } = await store.readPage({ ...filter, limit: 1 });
  const own = decodeCursor(nextCursor ?? '');
  return own.filter === cursor.filter && own.order === cursor.order;
}

async function checkPage(
  store: EmbeddedStore,
  events: readonly StoredEvent[][],
  ask: Ask,
): Promise<void> {
  const filter = filters[ask.filter] ?? {};
  try {
    const page = await store.readPage({ ...filter, limit: ask.limit, cursor: ask.cursor });
    const expected = expectedPage(events[ask.filter] ?? [], ask);
    expectThat(JSON.stringify(page.events) === JSON.stringify(expected), 'the page is right');
    expectThat(await belongs(store, filter, ask.cursor), "another filter's cursor is refused");
  } catch (error) {
    if (!isRefused(error)) throw error;
    expectThat(!(await belongs(store, filter, ask.cursor)), "the filter's own cursor is taken");
  }
}

/** Of the two lists at most one takes a cursor, and never one of events. */
async function checkLists(store: EmbeddedStore, cursor: string): Promise<void> {
  const taken = await Promise.all(
    [store.entities.bind(store), store.eventTypes.bind(store)].map(async (list) => {
      try {
        await list({ cursor });
        return true;
      } catch (error) {
        if (isRefused(error)) return false;
        throw error;
      }
    }),
  );
  expectThat(!taken.every(Boolean), 'a cursor belongs to one list');
  if (!taken.some(Boolean)) return;
  for (const filter of filters) {
    expectThat(!(await belongs(store, filter, cursor)), 'a cursor of events is none of a list');
  }
}

async function checkHttp(port: number, events: readonly StoredEvent[][], ask: Ask): Promise<void> {
  const { entityId, eventType, eventTypePrefix, tenantId, order } = filters[ask.filter] ?? {};
  const query = new URLSearchParams({ limit: String(ask.limit), cursor: ask.cursor });
  const names = {
    entity_id: entityId,
    event_type: eventType,
    event_type_prefix: eventTypePrefix,
    tenant_id: tenantId,
    order,
  };
  for (const [name, value] of Object.entries(names)) {
    if (value !== undefined) query.set(name, value);
  }
  const answer = await get(port, `/api/v1/events/query?${query.toString()}`);
  const body = JSON.parse(answer.text) as { events?: { position: number }[] };
  if (answer.status !== 200) {
    expectThat(answer.status === 400, `400, not ${answer.status}`);
    expectThat(answer.text.includes('"invalid_query"'), 'the code is invalid_query');
    return;
  }
  const positions = body.events?.map(({ position }) => position);
  const expected = expectedPage(events[ask.filter] ?? [], ask).map(({ position }) => position);
  expectThat(JSON.stringify(positions) === JSON.stringify(expected), 'the page is right');
}

/** On a connection of its own: one that is kept may be closed by the server meanwhile. */
function get(port: number, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', path, agent: false }, (answer) => {
      answer.setEncoding('utf8');
      let text = '';
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
