import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lstat, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  collect,
  makeDirectory,
  makeStore,
  parseLines,
  run,
  serve,
  start,
  waitFor,
} from './commandLine.js';

const events = 30;

/** The first row that DuckDB answers with. */
async function ask(sql: string): Promise<unknown> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = await (await connection.run(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows[0];
}

const targets = [
  { kind: 'a data directory', open: async (dataDir: string) => ['--data-dir', dataDir] },
  {
    kind: 'a URL',
    open: async (dataDir: string) => ['--url', (await serve(['--data-dir', dataDir])).url],
  },
];

describe.each(targets)('export from $kind', ({ open }) => {
  let target: readonly string[] = [];

  beforeAll(async () => {
    target = await open(await makeStore(events));
  });

  it('writes a Parquet file that DuckDB reads as it is', async () => {
    const file = join(await makeDirectory(), 'events.parquet');
    const field = [
      '--field',
      'number=index:int64',
      '--column',
      'position',
      '--column',
      'entity_id',
    ];
    const done = await run(['export', file, ...field, '--json', ...target]);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(parseLines(done.stdout)).toMatchObject([{ file, events }]);
    const counted = await ask(
      `select count(*), sum(number), min(position), max(position), count(distinct entity_id) from '${file}'`,
    );
    expect(counted).toEqual(['30', '435', '1', '30', '3']);
  });

  it('writes all columns, and only what the filters ask for', async () => {
    const file = join(await makeDirectory(), 'events.parquet');
    const filters = ['--entity', 'entity-0', '--limit', '3'];
    expect(await run(['export', file, ...filters, ...target])).toMatchObject({
      code: 0,
      stdout: '',
    });
    const row = await ask(
      `select count(*), any_value(typeof("timestamp")), any_value(typeof(tags)), sum((payload->>'$.index')::int) from '${file}'`,
    );
    expect(row).toEqual(['3', 'TIMESTAMP WITH TIME ZONE', 'VARCHAR[]', '9']);
  });

  it('writes a file with its columns where nothing matches', async () => {
    const file = join(await makeDirectory(), 'none.parquet');
    expect(await run(['export', file, '--entity', 'nobody', ...target])).toMatchObject({ code: 0 });
    expect(
      await ask(`select count(*) from '${file}' where payload is null or tags is null`),
    ).toEqual(['0']);
  });

  it('writes Arrow and NDJSON', async () => {
    const directory = await makeDirectory();
    const arrow = join(directory, 'events.arrows');
    expect(await run(['export', arrow, '--format', 'arrow', ...target])).toMatchObject({ code: 0 });
    const table = tableFromIPC(await readFile(arrow));
    expect(table.numRows).toBe(events);
    const lines = await run(['export', '-', '--format', 'ndjson', ...target]);
    expect(lines.stderr).toContain('30 events');
    const queried = await run(['query', '--all', '--json', ...target]);
    expect(lines.stdout).toBe(queried.stdout);
    expect([...(table.getChild('event_id') ?? [])]).toEqual(
      parseLines(lines.stdout).map(({ id }) => id),
    );
  });

  it('refuses what can not be, and leaves no file behind', async () => {
    const directory = await makeDirectory();
    const file = join(directory, 'events.parquet');
    const bad = await run(['export', file, '--column', 'amount', ...target]);
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(/column/);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
    expect(await readdir(directory)).toEqual([]);
    await writeFile(file, 'mine');
    const there = await run(['export', file, ...target]);
    expect([there.code, there.stderr]).toEqual([1, expect.stringContaining('give --force')]);
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect((await run(['export', file, '--force', ...target])).code).toBe(0);
    const field = await run(['export', join(directory, 'x'), '--field', 'total', ...target]);
    expect([field.code, field.stderr]).toEqual([2, expect.stringContaining('path:type')]);
  });
});

describe('a file of an export', () => {
  let target: readonly string[] = [];

  beforeAll(async () => {
    target = ['--data-dir', await makeStore(events)];
  });

  it('leaves alone what lies beside it', async () => {
    const directory = await makeDirectory();
    await writeFile(join(directory, 'x.parquet.part'), 'mine');
    const done = await run(['export', join(directory, 'x.parquet'), ...target]);
    expect(done.code).toBe(0);
    expect((await readdir(directory)).sort()).toEqual(['x.parquet', 'x.parquet.part']);
    expect(await readFile(join(directory, 'x.parquet.part'), 'utf8')).toBe('mine');
  });

  it('is the one that a link stands for, and a device stays one', async () => {
    const directory = await makeDirectory();
    const [file, link] = [join(directory, 'file'), join(directory, 'link')];
    await writeFile(file, 'old');
    await symlink(file, link);
    expect((await run(['export', link, '--force', ...target])).code).toBe(0);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await readFile(file)).subarray(0, 4).toString()).toBe('PAR1');
    expect((await run(['export', '/dev/null', '--force', ...target])).code).toBe(0);
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('is no directory, and has a name', async () => {
    const directory = await makeDirectory();
    const into = await run(['export', directory, '--force', ...target]);
    expect([into.code, into.stderr]).toEqual([1, expect.stringContaining('is a directory')]);
    const unnamed = await run(['export', '', ...target]);
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining('an empty one')]);
  });

  it.each(['ndjson', 'arrow', 'parquet'])(
    'of %s is gone where it is interrupted',
    async (format) => {
      // A server that stops in the middle of its answer.
      const server = createServer((request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        if (request.url?.startsWith('/api/v1/stats') === true) response.end('{"total_events":9}');
        else response.write('{"position":1}\n');
      });
      server.listen(0, '127.0.0.1');
      onTestFinished(() => {
        server.closeAllConnections();
        server.close();
      });
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as AddressInfo;
      const directory = await makeDirectory();
      const file = join(directory, 'file');
      const url = `http://127.0.0.1:${port}`;
      const child = start(['export', file, '--format', format, '--url', url]);
      const stderr = collect(child.stderr);
      await waitFor(() => readdirSync(directory)[0], child);
      child.kill('SIGINT');
      await once(child, 'close');
      const told = 'allsource: interrupted; nothing was written\n';
      expect([child.exitCode, stderr.join('')]).toEqual([1, told]);
      expect(await readdir(directory)).toEqual([]);
    },
  );
});
