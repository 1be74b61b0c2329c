// The cases of the public JSONTestSuite, each as the payload of an event: taken and given back byte
// for byte, or refused and nothing written.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore } from '../../src/index.js';
import { listen } from '../../src/server/index.js';
import { bodyOf, call, json, ndjson, silent } from '../http/support.js';
import { errorOf } from '../support/store.js';
import { readJsonCases } from './cases.js';

const cases = readJsonCases();
const taken = cases.filter(({ isTaken }) => isTaken);
const refused = cases.filter(({ isTaken }) => !isTaken);
const lineBreaks = /[\r\n]/;

/** The event's payload is the last field: it ends with a brace. */
const eventOf = (payload: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('{"event_type":"a","entity_id":"e","payload":'),
    payload,
    Buffer.from('}'),
  ]);

/** White space around a value is none of it. */
const valueOf = (bytes: Buffer): string =>
  bytes.toString('utf8').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');

const payloadOf = (event: string): string | undefined =>
  /"payload":([^]*),"metadata":null,"timestamp"/.exec(event)?.[1];

describe('the table', () => {
  it.each([
    ['y_', 95],
    ['n_', 188],
    ['i_', 35],
  ])('has all cases %s of the suite', (prefix, count) => {
    const names = cases.map(({ name }) => name).filter((name) => name.startsWith(prefix));
    expect(new Set(names).size).toBe(count);
    expect(names).toHaveLength(count);
  });

  it('is explained where the suite leaves it open', () => {
    const page = readFileSync(new URL('../../docs/reference/limits.md', import.meta.url), 'utf8');
    const open = cases.filter(({ name }) => name.startsWith('i_'));
    for (const { name, isTaken } of open) {
      expect(page).toMatch(
        new RegExp(`${name.replaceAll('+', '\\+')}\`[^\\n]*\\| ${isTaken ? 'taken' : 'refused'} `),
      );
    }
  });
});

describe('over the API', () => {
  let store: EmbeddedStore;
  beforeAll(async () => {
    store = await openEventStore({ memory: true, snapshots: { automatic: false } });
  });
  afterAll(() => store.close());

  const lastEvent = async (): Promise<string> => {
    const { bytes } = await store.readBytes({ fromPosition: store.watermark });
    return bytes.toString('utf8');
  };

  it.each(taken)('takes $name and gives it back', async ({ bytes }) => {
    await store.appendBatch(Buffer.concat([Buffer.from('['), eventOf(bytes), Buffer.from(']')]));
    expect(payloadOf(await lastEvent())).toBe(valueOf(bytes));
    if (lineBreaks.test(bytes.toString('latin1'))) return;
    await store.appendBatch(Buffer.concat([eventOf(bytes), Buffer.from('\n')]));
    expect(payloadOf(await lastEvent())).toBe(valueOf(bytes));
    // What a parser makes of it is the same, too.
    const [event] = (await store.readPage({ fromPosition: store.watermark })).events;
    expect(event?.payload).toEqual(JSON.parse(valueOf(bytes)));
  });

  it.each(refused)('refuses $name', async ({ bytes }) => {
    const before = store.watermark;
    const array = Buffer.concat([Buffer.from('['), eventOf(bytes), Buffer.from(']')]);
    for (const text of [
      array,
      eventOf(bytes),
      Buffer.concat([eventOf(Buffer.from('1\n')), eventOf(bytes)]),
    ]) {
      expect((await errorOf(() => store.appendBatch(text))).code).toBe('invalid_json');
    }
    expect(store.watermark).toBe(before);
  });
});

describe('over HTTP', () => {
  let store: EmbeddedStore;
  let target: { port: number; close: () => Promise<void> };
  beforeAll(async () => {
    store = await openEventStore({ memory: true, snapshots: { automatic: false } });
    target = await listen(store, { port: 0, logger: silent, processMetrics: false });
  });
  afterAll(async () => {
    await target.close();
    await store.close();
  });
  const path = '/api/v1/events';

  it.each(taken)('takes $name and gives it back', async ({ bytes }) => {
    const sent = await call(target, { path, headers: json, body: eventOf(bytes) });
    expect(sent.status, sent.text).toBe(200);
    const event = await call(target, { path: `${path}/${String(bodyOf(sent)['event_id'])}` });
    expect(payloadOf(event.text)).toBe(valueOf(bytes));
  });

  it.each(refused)('answers 400 to $name', async ({ bytes }) => {
    const before = store.watermark;
    for (const [to, headers] of [
      [path, json],
      [`${path}/batch`, ndjson],
    ] as const) {
      const answer = await call(target, { path: to, headers, body: eventOf(bytes) });
      expect(answer.status, answer.text).toBe(400);
      expect(answer.text).toContain('"invalid_json"');
    }
    expect(store.watermark).toBe(before);
  });
});
