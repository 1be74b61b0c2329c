import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeDirectory, makeStore, parseLines, run, serve } from './commandLine.js';

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
    await expect(readFile(`${file}.part`)).rejects.toThrow('ENOENT');
    await writeFile(file, 'mine');
    const there = await run(['export', file, ...target]);
    expect([there.code, there.stderr]).toEqual([1, expect.stringContaining('give --force')]);
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect((await run(['export', file, '--force', ...target])).code).toBe(0);
    const field = await run(['export', join(directory, 'x'), '--field', 'total', ...target]);
    expect([field.code, field.stderr]).toEqual([2, expect.stringContaining('path:type')]);
  });
});
