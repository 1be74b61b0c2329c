import { type IncomingMessage, get } from 'node:http';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../src/index.js';
import {
  type Target,
  appendLines,
  bodyOf,
  call,
  eventually,
  json,
  lines,
  newEvent,
  socketBytesMax,
  startListening,
} from './support.js';

const path = '/api/v1/events/query';
const asNdjson = { accept: 'application/x-ndjson' };

interface Page {
  readonly events: readonly { readonly position: number }[];
  readonly next_cursor: string | null;
}

async function readPages(target: Target, query: string): Promise<number[]> {
  const positions: number[] = [];
  let cursor = '';
  for (let page = 0; page < 100; page += 1) {
    const answer = await call(target, { path: `${path}?${query}${cursor}` });
    expect(answer.status, answer.text).toBe(200);
    // The document's schema is checked in openapi.test.ts.
    const { events, next_cursor: next } = JSON.parse(answer.text) as Page;
    positions.push(...events.map(({ position }) => position));
    if (next === null) return positions;
    cursor = `&cursor=${next}`;
  }
  throw new Error('the pages do not end');
}

describe('querying over HTTP', () => {
  it.each(['asc', 'desc'])('pages through everything once, in order %s', async (order) => {
    const target = await startListening();
    await appendLines(target, lines(250));
    const positions = await readPages(target, `limit=37&order=${order}`);
    const all = Array.from({ length: 250 }, (_, i) => i + 1);
    expect(positions).toEqual(order === 'asc' ? all : all.reverse());
  });

  it('keeps a cursor valid while events are appended', async () => {
    const target = await startListening();
    await appendLines(target, lines(10));
    const first = await call(target, { path: `${path}?limit=4` });
    await appendLines(target, lines(10));
    const next = String(bodyOf(first)['next_cursor']);
    const second = await call(target, { path: `${path}?limit=4&cursor=${next}` });
    expect(bodyOf(second)['events']).toMatchObject([5, 6, 7, 8].map((position) => ({ position })));
  });

  it('refuses the cursor of another query', async () => {
    const target = await startListening();
    await appendLines(target, lines(10));
    const first = await call(target, { path: `${path}?limit=4` });
    const cursor = String(bodyOf(first)['next_cursor']);
    const other = await call(target, { path: `${path}?entity_id=order-1&cursor=${cursor}` });
    expect(bodyOf(other)).toMatchObject({ code: 'invalid_query' });
  });

  it('streams more events than a page holds', async () => {
    const target = await startListening();
    await appendLines(target, lines(15_000));
    const { text } = await call(target, { path, headers: asNdjson });
    expect(text.trimEnd().split('\n')).toHaveLength(15_000);
    const some = await call(target, { path: `${path}?limit=12000`, headers: asNdjson });
    expect(some.text.trimEnd().split('\n')).toHaveLength(12_000);
  });

  it('writes one line an event, whatever white space its payload was sent with', async () => {
    const target = await startListening();
    const body = newEvent().replace('{}', '{\r\n  "a": [\n    1\n  ]\n}');
    const sent = await call(target, { path: '/api/v1/events', headers: json, body });
    expect(sent.status).toBe(200);
    const { text } = await call(target, { path, headers: asNdjson });
    expect(text).not.toContain('\r');
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ payload: { a: [1] } }]);
  });

  it('stops reading the log while the client does not read', async () => {
    const target = await startListening();
    for (let batch = 0; batch < 8; batch += 1) {
      await appendLines(target, lines(4_000, { filler: 'x'.repeat(1_000) }));
    }
    const readBytes = countNdjsonBytes(target.store);
    const outgoing = get({ port: target.port, path, headers: asNdjson, agent: false });
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    // Nothing is read, and the server has time for a lot.
    for (let i = 0; i < 200; i += 1) await call(target, { path: '/health' });
    expect(readBytes()).toBeLessThan(socketBytesMax);
    let bytes = 0;
    response.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await once(response, 'end');
    expect(bytes).toBeGreaterThan(32 * 1024 * 1024);
    expect(readBytes()).toBe(bytes);
  });

  it('stops reading the log when the client leaves', async () => {
    const target = await startListening();
    await appendLines(target, lines(30_000, { filler: 'x'.repeat(300) }));
    const outgoing = get({ port: target.port, path, headers: asNdjson, agent: false });
    await once(outgoing, 'response');
    outgoing.destroy();
    await eventually(async () => {
      const { text } = await call(target, { path: '/metrics' });
      return /^allsource_http_requests_in_flight 1$/m.test(text) || undefined;
    });
  });
});

/** Counts the bytes that reads of the log give from now on. */
function countNdjsonBytes(store: EmbeddedStore): () => number {
  const readNdjson = store.readNdjson.bind(store);
  let bytes = 0;
  async function* counted(options: Parameters<typeof readNdjson>[0]): AsyncGenerator<Buffer> {
    for await (const chunk of readNdjson(options)) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  Object.defineProperty(store, 'readNdjson', { value: counted });
  return () => bytes;
}
