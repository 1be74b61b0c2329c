// SQL over HTTP, by the client, and on the command line.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tableFromIPC } from 'apache-arrow';
import { expect, it, onTestFinished } from 'vitest';
import { connect } from '../../src/client/index.js';
import { openEventStore } from '../../src/index.js';
import { createLogger, listen } from '../../src/server/index.js';
import { codeOf, errorOf, makeDirectory } from '../support/store.js';

const run = promisify(execFile);
const main = join(import.meta.dirname, '../../dist/cli/main.js');

async function served(): Promise<{ readonly url: string; readonly dataDir: string }> {
  const dataDir = join(await makeDirectory(), 'data');
  const store = await openEventStore({ dataDir });
  const server = await listen(store, {
    port: 0,
    logger: createLogger({ level: 'silent' }),
    processMetrics: false,
  });
  onTestFinished(async () => {
    await server.close();
    await store.close();
  });
  for (let number = 1; number <= 3; number += 1) {
    await store.append({ eventType: 'a.b', entityId: `e${number}`, payload: { n: number } });
  }
  return { url: server.url, dataDir };
}

function post(url: string, body: object, accept = 'application/json'): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept };
  const sent = { method: 'POST', headers, body: JSON.stringify(body) };
  return fetch(`${url}/api/v1/analytics/sql`, sent);
}

it('answers over HTTP as JSON, NDJSON and Arrow', async () => {
  const { url } = await served();
  const query = 'SELECT position, entity_id FROM events ORDER BY 1';
  const json = await (await post(url, { query, max_rows: 2 })).json();
  expect(json).toEqual({
    columns: [
      { name: 'position', type: 'BIGINT' },
      { name: 'entity_id', type: 'VARCHAR' },
    ],
    as_of_position: 3,
    rows: [
      { position: 1, entity_id: 'e1' },
      { position: 2, entity_id: 'e2' },
    ],
    row_count: 2,
    truncated: true,
  });
  const empty = await (await post(url, { query: 'FROM events', tenant_id: 'other' })).json();
  expect(empty).toMatchObject({ rows: [], row_count: 0, truncated: false });
  const lines = await (await post(url, { query }, 'application/x-ndjson')).text();
  expect(lines.trim().split('\n')[2]).toBe('{"position":3,"entity_id":"e3"}');
  const arrow = await post(url, { query }, 'application/vnd.apache.arrow.stream');
  expect(tableFromIPC(new Uint8Array(await arrow.arrayBuffer())).numRows).toBe(3);
  for (const [body, status, code] of [
    [{ query: "FROM read_text('/etc/passwd')" }, 400, 'invalid_query'],
    [{ query: 'SELECT payload::INTEGER FROM events' }, 400, 'invalid_query'],
    [{ query: 'SELECT 1', timeout_ms: 3_600_000 }, 400, 'invalid_query'],
    [{ query: 'SELECT 1', other: 1 }, 400, 'validation_error'],
    [{}, 400, 'validation_error'],
    [
      { query: 'FROM range(10000000) a, range(10000000) b SELECT count(*)', timeout_ms: 300 },
      408,
      'query_timeout',
    ],
  ] as const) {
    const answer = await post(url, body);
    expect([body, answer.status]).toEqual([body, status]);
    expect(await answer.json()).toMatchObject({ code });
  }
});

it('answers by the client as in process', async () => {
  const { url } = await served();
  const store = connect(url, { retryForMs: 0 });
  onTestFinished(() => store.close());
  const result = await store.sql('SELECT position FROM events ORDER BY 1', { maxRows: 2 });
  expect([result.asOfPosition, result.columns]).toEqual([
    3,
    [{ name: 'position', type: 'BIGINT' }],
  ]);
  expect(await result.toArray()).toEqual([{ position: 1 }, { position: 2 }]);
  expect(result.truncated).toBe(true);
  expect(await (await store.sql('FROM events LIMIT 0')).toArray()).toEqual([]);
  // More rows than a document has by itself, and than a chunk.
  const many = await store.sql("SELECT range AS n, 'ü'||range AS t FROM range(200000)");
  let sum = 0;
  for await (const { n } of many) sum += Number(n);
  expect(sum).toBe((200_000 * 199_999) / 2);
  const left = (await store.sql('FROM range(100000000000)'))[Symbol.asyncIterator]();
  expect((await left.next()).value).toEqual({ range: 0 });
  await left.return?.();
  expect(await (await store.sql('SELECT 1 AS x')).toArray()).toEqual([{ x: 1 }]);
  const pieces: Uint8Array[] = [];
  for await (const piece of store.sqlArrow('FROM events')) pieces.push(piece);
  expect(tableFromIPC(pieces).numRows).toBe(3);
  expect((await errorOf(() => store.sql('SELEC'))).message).toMatch(/syntax error/);
  expect(await codeOf(() => store.sql('SELECT 1', { rows: 1 } as never))).toBe('invalid_query');
});

it(
  'answers on the command line, beside a server and through it',
  { timeout: 300_000 },
  async () => {
    const { url, dataDir } = await served();
    const sql = (...args: string[]) =>
      run(process.execPath, [main, 'sql', ...args]).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        (error: { code: number; stdout: string; stderr: string }) => error,
      );
    const query = 'SELECT entity_id, position AS p FROM events ORDER BY 2';
    for (const place of [
      ['--url', url],
      ['--data-dir', dataDir],
    ]) {
      const table = await sql(...place, '--max-rows', '2', query);
      expect(table.stdout).toBe('entity_id  p\ne1         1\ne2         2\n');
      expect(table.stderr).toBe('2 rows, and there are more: see --max-rows\n');
      const lines = await sql(...place, '--ndjson', query);
      expect(lines.stdout.split('\n')[0]).toBe('{"entity_id":"e1","p":1}');
      const json = await sql(...place, '--json', query);
      expect(JSON.parse(json.stdout)).toMatchObject({ row_count: 3, as_of_position: 3 });
      const file = join(await makeDirectory(), 'rows.arrow');
      expect(await sql(...place, '--arrow', file, query)).toMatchObject({ code: 0, stdout: '' });
      expect(tableFromIPC(await readFile(file)).numRows).toBe(3);
      const refused = await sql(...place, "FROM read_text('/etc/passwd')");
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(/read_text is not offered/);
    }
    expect((await sql('--json', '--ndjson', query)).code).toBe(2);
    expect((await sql('--url', 'http://127.0.0.1:9', query)).code).toBe(1);
  },
);
