// What SQL answers: the zoo of queries that are allowed, union of files and log, streams, ends.
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { EmbeddedStore, SqlRow } from '../../src/index.js';
import { codeOf, errorOf, openStore } from '../support/store.js';
import { Tiered } from './tiered.js';

async function shop(): Promise<EmbeddedStore> {
  const store = await openStore({ memory: true });
  for (let number = 1; number <= 12; number += 1) {
    await store.append({
      eventType: number % 3 === 0 ? 'order.paid' : 'order.placed',
      entityId: `order-${number % 4}`,
      payload: { total: number * 1.5, lines: [{ sku: `s${number}` }], note: 'ü"' },
      tags: number % 2 === 0 ? ['even', `n:${number}`] : [],
      ...(number % 5 === 0 && { metadata: { user: 'ada' } }),
    });
  }
  return store;
}

async function rowsOf(store: EmbeddedStore, query: string): Promise<readonly SqlRow[]> {
  return (await store.sql(query)).toArray();
}

/** Queries of all kinds, and what they answer. */
const zoo: readonly (readonly [string, readonly SqlRow[]])[] = [
  ['SELECT count(*) AS n, max(position) AS last FROM events', [{ n: 12, last: 12 }]],
  [
    "SELECT event_type, sum((payload->>'total')::DOUBLE) AS total FROM events GROUP BY ALL ORDER BY 1",
    [
      { event_type: 'order.paid', total: 45 },
      { event_type: 'order.placed', total: 72 },
    ],
  ],
  [
    "SELECT json_extract_string(payload, '$.lines[0].sku') AS sku FROM events WHERE position = 7",
    [{ sku: 's7' }],
  ],
  [
    'SELECT tag, count(*) AS n FROM (SELECT unnest(tags) AS tag FROM events) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2',
    [
      { tag: 'even', n: 6 },
      { tag: 'n:10', n: 1 },
    ],
  ],
  [
    'SELECT e.position, t.tag FROM events e, unnest(e.tags) t(tag) WHERE e.position = 2 ORDER BY 2',
    [
      { position: 2, tag: 'even' },
      { position: 2, tag: 'n:2' },
    ],
  ],
  [
    'SELECT entity_id FROM events QUALIFY row_number() OVER (PARTITION BY entity_id ORDER BY position DESC) = 1 ORDER BY 1 LIMIT 1',
    [{ entity_id: 'order-0' }],
  ],
  [
    'SELECT position, lag(position) OVER w AS before FROM events WINDOW w AS (PARTITION BY entity_id ORDER BY version) ORDER BY 1 LIMIT 1 OFFSET 4',
    [{ position: 5, before: 1 }],
  ],
  [
    'WITH firsts AS (SELECT entity_id, min(position) AS p FROM events GROUP BY 1), x AS MATERIALIZED (FROM firsts) SELECT sum(x.p) AS s FROM x JOIN firsts USING (entity_id)',
    [{ s: 10 }],
  ],
  [
    'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) AS s FROM t',
    [{ s: 15 }],
  ],
  ['WITH events AS (SELECT 1 AS one) SELECT * FROM events', [{ one: 1 }]],
  ['SELECT * FROM (WITH x AS (SELECT 1 AS a) FROM x) UNION ALL SELECT 2', [{ a: 1 }, { a: 2 }]],
  [
    'SELECT event_type, entity_id, count(*) AS n FROM events GROUP BY ROLLUP (event_type, entity_id) HAVING grouping(event_type) = 1',
    [{ event_type: null, entity_id: null, n: 12 }],
  ],
  ['SELECT count(*) FILTER (WHERE position > 10) AS n FROM events', [{ n: 2 }]],
  [
    "SELECT date_trunc('year', TIMESTAMPTZ '2026-01-31 23:30:00.123456+00') AS y, TIMESTAMPTZ '2026-01-31 23:30:00.123456+00' AT TIME ZONE 'Europe/Berlin' AS t",
    [{ y: '2026-01-01T00:00:00.000000Z', t: '2026-02-01T00:30:00.123456' }],
  ],
  [
    'SELECT a.position FROM events a ASOF JOIN events b ON a.position > b.position ORDER BY 1 LIMIT 1',
    [{ position: 2 }],
  ],
  [
    'SELECT (SELECT count(*) FROM events b WHERE b.entity_id = a.entity_id) AS n FROM events a LIMIT 1',
    [{ n: 3 }],
  ],
  ['SELECT 1 AS x UNION SELECT 1 INTERSECT SELECT 1 EXCEPT SELECT 2', [{ x: 1 }]],
  [
    'SELECT list_transform([1, 2], lambda x: x + 1) AS l, [x * 2 FOR x IN [1, 2] IF x > 1] AS m',
    [{ l: [2, 3], m: [4] }],
  ],
  [
    "SELECT metadata->>'user' AS u, count(*) AS n FROM events GROUP BY 1 ORDER BY 1 NULLS FIRST",
    [
      { u: null, n: 10 },
      { u: 'ada', n: 2 },
    ],
  ],
  [
    'FROM (PIVOT (SELECT event_type, position FROM events) ON event_type IN (\'order.paid\') USING count(*)) SELECT sum("order.paid") AS n',
    [{ n: 4 }],
  ],
  ["SELECT count(*) AS n FROM events, json_each(payload, '$.lines')", [{ n: 12 }]],
  ['SELECT count(*) AS n FROM range(3) r, generate_series(1, 2) g', [{ n: 6 }]],
  [
    'SELECT count(COLUMNS(* EXCLUDE (metadata, schema_version, payload, tags, timestamp, event_id))) FROM events',
    [{ position: 12, version: 12, tenant_id: 12, entity_id: 12, event_type: 12 }],
  ],
  ['VALUES (1, NULL)', [{ col0: 1, col1: null }]],
  ['SELECT 1 AS a, 2 AS a', [{ a: 1, 'a:1': 2 }]],
  [
    "SELECT 9007199254740993 AS big, 9007199254740991 AS safe, (-1)::HUGEINT AS huge, 1.50::DECIMAL(9,2) AS dec, 'nan'::DOUBLE AS nan, {'a': [1, NULL]} AS s, MAP {'k': 1} AS m, INTERVAL 90 MINUTE AS i, DATE '2026-01-31' AS d, 'x'::BLOB AS b, true AS t, NULL AS nothing",
    [
      {
        big: '9007199254740993',
        safe: 9007199254740991,
        huge: -1,
        dec: '1.50',
        nan: 'NaN',
        s: { a: [1, null] },
        m: [{ key: 'k', value: 1 }],
        i: '01:30:00',
        d: '2026-01-31',
        b: 'eA==',
        t: true,
        nothing: null,
      },
    ],
  ],
  [
    'SELECT column_name FROM (DESCRIBE events) LIMIT 2',
    [{ column_name: 'position' }, { column_name: 'timestamp' }],
  ],
  ["SELECT min FROM (SUMMARIZE events) WHERE column_name = 'position'", [{ min: '1' }]],
  ['SELECT count(*) AS n FROM events TABLESAMPLE 100%', [{ n: 12 }]],
  ['  SELECT 1 AS x; -- the end', [{ x: 1 }]],
];

describe('sql', () => {
  it('answers', { timeout: 60_000 }, async () => {
    const store = await shop();
    for (const [query, rows] of zoo) {
      const got = await rowsOf(store, query).catch((error: unknown) => String(error));
      expect([query, got]).toEqual([query, rows]);
    }
  });

  it('has the columns of an event, with their types', async () => {
    const store = await shop();
    const result = await store.sql('SELECT * FROM events ORDER BY position LIMIT 1');
    expect(result.asOfPosition).toBe(12);
    expect(result.columns).toEqual([
      { name: 'position', type: 'BIGINT' },
      { name: 'timestamp', type: 'TIMESTAMP WITH TIME ZONE' },
      { name: 'version', type: 'BIGINT' },
      { name: 'event_id', type: 'VARCHAR' },
      { name: 'tenant_id', type: 'VARCHAR' },
      { name: 'entity_id', type: 'VARCHAR' },
      { name: 'event_type', type: 'VARCHAR' },
      { name: 'schema_version', type: 'INTEGER' },
      { name: 'tags', type: 'VARCHAR[]' },
      { name: 'metadata', type: 'VARCHAR' },
      { name: 'payload', type: 'VARCHAR' },
    ]);
    const [row] = await result.toArray();
    const [event] = (await store.readPage({ limit: 1 })).events;
    expect(row).toMatchObject({ position: 1, version: 1, tenant_id: 'default', tags: [] });
    expect(row?.['event_id']).toBe(event?.id);
    expect(JSON.parse(String(row?.['payload']))).toEqual(event?.payload);
  });

  it('says where the text of a query is wrong', async () => {
    const store = await shop();
    const { message } = await errorOf(() => store.sql('SELECT 1 FRM events'));
    expect(message).toMatch(/syntax error at or near "events" \(at character 14\)/);
    const unknown = await errorOf(() => store.sql('SELECT pay FROM events'));
    expect(unknown.message).toMatch(/"pay" not found/);
    expect(await codeOf(() => store.sql(7 as never))).toBe('invalid_query');
    expect(await codeOf(() => store.sql('SELECT 1', { maxRows: 0 }))).toBe('invalid_query');
    expect(await codeOf(() => store.sql('SELECT 1', { timeoutMs: 30_001 }))).toBe('invalid_query');
    expect(await codeOf(() => store.sql('SELECT 1', { tenantId: "a' OR 1" }))).toBe(
      'invalid_query',
    );
  });

  it('gives no more rows than are wanted, and says so', async () => {
    const store = await shop();
    for (const [maxRows, truncated] of [
      [11, true],
      [12, false],
      [13, false],
    ] as const) {
      const result = await store.sql('FROM events', { maxRows });
      expect(await result.toArray()).toHaveLength(Math.min(12, maxRows));
      expect(result.truncated).toBe(truncated);
    }
    const many = await store.sql('FROM range(10000)', { maxRows: 2048 });
    expect(await many.toArray()).toHaveLength(2048);
    expect(many.truncated).toBe(true);
  });

  it('gives rows as they come, and stops where nobody reads on', async () => {
    const store = await shop();
    let count = 0;
    for await (const row of await store.sql('FROM range(100000000000)')) {
      count += 1;
      if (row['range'] === 5_000) break;
    }
    expect(count).toBe(5_001);
    // Both places are free again.
    const results = await Promise.all([1, 2, 3, 4].map(() => rowsOf(store, 'SELECT 1 AS x')));
    expect(results.flat()).toEqual(Array(4).fill({ x: 1 }));
  });

  it('ends with the signal, before and while rows are read', async () => {
    const store = await shop();
    const controller = new AbortController();
    const { signal } = controller;
    const slow = store.sql('SELECT count(*) FROM range(10000000) a, range(10000000) b', { signal });
    const waiting = codeOf(async () => (await slow).toArray());
    const rows = (await store.sql('FROM range(100000000000)', { signal }))[Symbol.asyncIterator]();
    await rows.next();
    controller.abort();
    expect(await waiting).toBe('aborted');
    const rest = async (): Promise<void> => {
      for (;;) if ((await rows.next()).done === true) return;
    };
    expect(await codeOf(rest)).toBe('aborted');
    expect(await codeOf(() => store.sql('SELECT 1', { signal }))).toBe('aborted');
  });

  it('lets go of a result that nobody reads when its time is over', async () => {
    const store = await shop();
    // Loading DuckDB takes time of its own.
    await rowsOf(store, 'SELECT 1');
    const left = await Promise.all(
      [1, 2].map(() => store.sql('FROM range(100000000000)', { timeoutMs: 3_000 })),
    );
    expect(await rowsOf(store, 'SELECT 1 AS x')).toEqual([{ x: 1 }]);
    expect(await codeOf(() => left[0]?.toArray())).toBe('query_timeout');
  });

  it('ends with the store', async () => {
    const store = await shop();
    const slow = store.sql('SELECT count(*) FROM range(10000000) a, range(10000000) b');
    const code = codeOf(async () => (await slow).toArray());
    await store.sql('SELECT 1');
    await store.close();
    expect(await code).toBe('store_closed');
    expect(await codeOf(() => store.sql('SELECT 1'))).toBe('store_closed');
  });

  it('gives rows as Arrow, with the types of the columns', async () => {
    const store = await shop();
    const pieces: Uint8Array[] = [];
    const query = `SELECT position, timestamp, tags, payload, 1.25::DECIMAL(5,2) AS d,
      sum(position) OVER () AS h, position > 1 AS b, schema_version AS v,
      {'a': 1} AS s FROM events ORDER BY position`;
    for await (const piece of store.sqlArrow(query)) pieces.push(piece);
    const table = tableFromIPC(pieces);
    expect(table.schema.fields.map(({ name, type }) => `${name} ${String(type)}`)).toEqual([
      'position Int64',
      'timestamp Timestamp<MICROSECOND, UTC>',
      'tags List<Utf8>',
      'payload Utf8',
      'd Decimal[5e+2]',
      'h Decimal[38e0]',
      'b Bool',
      'v Int32',
      's Utf8',
    ]);
    expect(table.numRows).toBe(12);
    expect([...(table.getChild('position') ?? [])].map(Number)).toEqual(
      [...Array(12).keys()].map((n) => n + 1),
    );
    expect([...(table.getChild('b') ?? [])]).toEqual([false, ...Array<boolean>(11).fill(true)]);
    expect([...(table.getChild('tags')?.get(1) ?? [])]).toEqual(['even', 'n:2']);
    expect(table.getChild('v')?.get(0)).toBeNull();
    expect(table.getChild('s')?.get(0)).toBe('{"a":1}');
    expect(String(table.getChild('h')?.get(0))).toBe('78');
    const empty: Uint8Array[] = [];
    for await (const piece of store.sqlArrow('FROM events LIMIT 0')) empty.push(piece);
    expect(tableFromIPC(empty).schema.fields).toHaveLength(11);
  });
});

describe('the view', () => {
  it('has the events of files and of the log, each once', { timeout: 60_000 }, async () => {
    const tiered = await Tiered.open();
    let next = 0;
    const append = async (count: number): Promise<void> => {
      const events = Array.from({ length: count }, (_, at) => ({
        tenantId: (next + at) % 3 === 0 ? 'other' : 'default',
        eventType: 'a.b',
        entityId: `e${next + at}`,
        payload: next + at,
      }));
      next += count;
      await tiered.store.appendBatch(events, { tenantId: 'default' }).catch(async () => {
        for (const event of events) await tiered.store.append(event);
      });
    };
    const check = async (): Promise<void> => {
      for (const tenantId of ['default', 'other']) {
        const expected: number[] = [];
        for await (const { position } of tiered.store.read({ tenantId })) expected.push(position);
        const rows = await tiered.rows('SELECT position FROM events ORDER BY 1', { tenantId });
        expect(rows.map(({ position }) => position)).toEqual(expected);
      }
    };
    const tenants = ['default', 'other'];
    await check();
    await append(10);
    await check();
    await tiered.seal(1, 7, tenants);
    await check();
    await append(5_000);
    await check();
    await tiered.seal(8, 3_000, tenants);
    await check();
    await append(1);
    await tiered.seal(3_001, 3_001, tenants);
    // A merge, and all files gone.
    await tiered.seal(1, 4_000, tenants);
    await check();
    tiered.files = [];
    await check();
    await tiered.seal(1, tiered.watermark, tenants);
    await check();
  });

  it('is as of one position while events are appended', { timeout: 60_000 }, async () => {
    const tiered = await Tiered.open();
    let isDone = false;
    const appending = (async () => {
      for (let number = 1; number <= 3_000; number += 1) {
        await tiered.store.append({ eventType: 'a.b', entityId: 'e', payload: number });
        if (number % 700 === 0) await tiered.seal(number - 699, number, ['default']);
      }
      isDone = true;
    })();
    let queries = 0;
    do {
      const asked = Array.from({ length: 3 }, async () => {
        const result = await tiered.sql.query(
          'SELECT count(*) AS n, max(position) AS last, count(DISTINCT position) AS d FROM events',
        );
        const [row] = await result.toArray();
        const n = result.asOfPosition;
        expect(row).toEqual({ n, last: n === 0 ? null : n, d: n });
      });
      await Promise.all(asked);
      queries += asked.length;
    } while (!isDone);
    await appending;
    expect(queries).toBeGreaterThan(3);
    expect(await tiered.rows('SELECT count(*) AS n FROM events')).toEqual([{ n: 3_000 }]);
  });
});
