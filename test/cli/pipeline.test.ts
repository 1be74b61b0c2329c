import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  collect,
  makeDirectory,
  makeLines,
  parseLines,
  run,
  serve,
  start,
  stop,
  waitFor,
} from './commandLine.js';

let url = '';
const pipeline = (...args: string[]) => run(['pipeline', ...args, '--url', url]);
const poll = (check: () => Promise<boolean>) => vi.waitUntil(check, { timeout: 20_000 });

const doubled = {
  name: 'doubled',
  source_event_types: ['order.placed'],
  operators: [
    { type: 'filter', field: 'index', op: 'lt', value: 100 },
    { type: 'map', field: 'index', transform: 'multiply:2' },
  ],
  output: { type: 'topic', name: 'doubles' },
};

beforeAll(async () => {
  ({ url } = await serve(['--memory']));
  await run(['ingest', '-', '--url', url], { input: makeLines(6).join('\n') });
});

async function fileOf(value: unknown): Promise<string> {
  const file = join(await makeDirectory(), 'input.json');
  await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

async function ask(path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${url}/api/v1/pipelines${path}`)).json()) as Record<string, unknown>;
}

const emitted = async (id: string, count: number): Promise<boolean> =>
  (await ask(`/${id}/stats`))['events_emitted'] === count;

describe('allsource pipeline', () => {
  it('create makes one of a file, and show prints what the server has', async () => {
    const file = await fileOf({ ...doubled, id: 'shown', from: 'beginning' });
    const created = await pipeline('create', file);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(created.stdout).toMatch(/^output +topic doubles$/m);
    await poll(() => emitted('shown', 3));
    const shown = await pipeline('show', 'shown');
    expect(shown.stdout).toMatch(/^emitted +3$/m);
    expect(shown.stdout).toContain('"transform": "multiply:2"');
    const json = await pipeline('show', 'shown', '--json');
    expect(parseLines(json.stdout)).toEqual([await ask('/shown')]);
    // The same again is no error, another definition is.
    expect((await pipeline('create', file)).code).toBe(0);
    const other = await pipeline(
      'create',
      await fileOf({ ...doubled, id: 'shown', operators: [] }),
    );
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain('another definition');
  });

  it('create takes standard input, and its flags before what the file says', async () => {
    const flags = ['--id', 'mine', '--tenant', 'acme', '--from', 'beginning', '--json'];
    const input = JSON.stringify({ ...doubled, id: 'other', tenant_id: 'two', from: 'now' });
    const created = await run(['pipeline', 'create', '-', ...flags, '--url', url], { input });
    expect(parseLines(created.stdout)).toMatchObject([{ id: 'mine', tenant_id: 'acme' }]);
    const table = await pipeline('list', '--tenant', 'acme');
    expect(table.stdout).toMatch(/^pipeline +name +status +position +lag +processed/m);
    expect(table.stdout).toMatch(/^mine +doubled +running .* topic doubles$/m);
    const none = await pipeline('list', '--tenant', 'two');
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain('`allsource pipeline create` makes one');
  });

  it('create says what is wrong with a file', async () => {
    const missing = await pipeline('create', join(await makeDirectory(), 'nothing.json'));
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('(ENOENT)');
    const cases: [unknown, string][] = [
      ['{"name":', 'expected a pipeline as JSON'],
      [[doubled], 'expected a pipeline as a JSON object'],
      [{ ...doubled, operators: [{ type: 'filtre' }] }, 'operators[0].type'],
      [{ ...doubled, id: 'stats' }, 'all pipelines'],
      [{ ...doubled, id: 5 }, 'id'],
      [{ ...doubled, from: 'yesterday' }, 'from'],
      [{ ...doubled, filed: 1 }, 'filed'],
    ];
    for (const [content, told] of cases) {
      const refused = await pipeline('create', await fileOf(content));
      expect(refused, told).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(told);
    }
    expect((await pipeline('create', 'x', '--from', 'yesterday')).code).toBe(2);
  });

  it('pause, resume and reset change it', async () => {
    await pipeline('create', await fileOf({ ...doubled, id: 'changed', from: 'beginning' }));
    await poll(() => emitted('changed', 3));
    expect((await pipeline('pause', 'changed')).stdout).toMatch(/^status +paused$/m);
    expect((await ask('/changed'))['status']).toBe('paused');
    expect((await pipeline('resume', 'changed')).stdout).toMatch(/^status +running$/m);
    const reset = await pipeline('reset', 'changed', '--json');
    expect(parseLines(reset.stdout)).toMatchObject([{ stats: { events_emitted: 0 } }]);
  });

  it('test prints what would come of events, and stores nothing', async () => {
    await pipeline('create', await fileOf({ ...doubled, id: 'tested' }));
    const events = [{ index: 7 }, { index: 700 }, null].map((payload) => ({
      ...{ event_type: 'order.placed', entity_id: 'o-1', payload, metadata: null },
    }));
    const file = await fileOf(events.map((event) => JSON.stringify(event)).join('\n\n'));
    const table = await pipeline('test', 'tested', file);
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(/ topic doubles +\{"index":14\}$/m);
    expect(table.stdout).toMatch(/^filtered +operators\[0\]/m);
    expect(table.stdout).toMatch(/^processed +3$/m);
    const json = await pipeline('test', 'tested', file, '--json');
    expect(parseLines(json.stdout)).toMatchObject([
      { emissions: [{ value: { index: 14 } }], stats: { events_processed: 3 } },
    ]);
    expect(await ask('/tested/stats')).toMatchObject({ events_processed: 0 });
    for (const [line, told] of [
      ['{"event_type":"a.b","entity_id":"x"}', 'line 1: payload'],
      ['{"event_type":"a.b","payload":1}', 'line 1: entity_id'],
      ['{"event_type":"a.b","entity_id":"x","payload":1,"more":1}', 'line 1: more: not a field'],
      ['[]', 'line 1: expected an event as a JSON object'],
    ] as const) {
      const refused = await pipeline('test', 'tested', await fileOf(line));
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(told);
    }
  });

  it('dropped prints what failed', async () => {
    const operators = [{ type: 'map', field: 'name', transform: 'uppercase' }];
    const fields = { ...doubled, operators, id: 'dropping', from: 'beginning' };
    await pipeline('create', await fileOf(fields));
    await poll(async () => (await ask('/dropping/dropped'))['total'] === 3);
    const table = await pipeline('dropped', 'dropping');
    expect(table.stdout).toMatch(/^ +5 +failed +operators\[0\]/m);
    const json = await pipeline('dropped', 'dropping', '--json');
    expect(parseLines(json.stdout).map(({ position }) => position)).toEqual([5, 3, 1]);
    const none = await pipeline('dropped', 'shown');
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain('no event failed');
  });

  it('tail follows a topic until it is interrupted', async () => {
    const output = { type: 'topic', name: 'tailed' };
    const fields = { ...doubled, output, id: 'tailed', from: 'beginning' };
    await pipeline('create', await fileOf(fields));
    const args = ['pipeline', 'tail', 'tailed', '--from', 'beginning', '--url', url];
    const json = start([...args, '--json']);
    const table = start(args);
    const [lines, rows] = [collect(json.stdout), collect(table.stdout)];
    const count = (parts: string[]) => parts.join('').split('\n').length - 1;
    await waitFor(() => count(lines) === 3 || undefined, json);
    await run(['ingest', '-', '--url', url], { input: makeLines(2).join('\n') });
    await waitFor(() => count(lines) === 4 || undefined, json);
    await waitFor(() => count(rows) === 5 || undefined, table);
    for (const child of [json, table]) {
      await stop(child, 'SIGINT');
      expect(child.exitCode).toBe(0);
    }
    const messages = parseLines(lines.join(''));
    expect(messages.map(({ value }) => (value as { index: number }).index)).toEqual([0, 4, 8, 0]);
    expect(messages[0]).toMatchObject({ topic: 'tailed', pipeline: 'tailed' });
    expect(rows.join('')).toMatch(/^position +time +pipeline +value\n +\d+ .* tailed +\{"index":0/);
    const bad = await pipeline('tail', 'a b');
    expect(bad).toMatchObject({ code: 2, stdout: '' });
    expect(bad.stderr).toContain('topic');
  });

  it('works on a directory, read-only where nothing is changed', async () => {
    const dataDir = join(await makeDirectory(), 'data');
    const on = (...args: string[]) => run(['pipeline', ...args, '--data-dir', dataDir]);
    await run(['ingest', '-', '--data-dir', dataDir], { input: makeLines(6).join('\n') });
    const file = await fileOf({ ...doubled, id: 'p', from: 'beginning' });
    const created = await on('create', file);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const server = await serve(['--data-dir', dataDir]);
    await poll(async () => {
      const answer = await fetch(`${server.url}/api/v1/pipelines/p/stats`);
      return ((await answer.json()) as { events_emitted: number }).events_emitted === 3;
    });
    // Beside the server that writes.
    expect((await on('show', 'p')).stdout).toMatch(/^emitted +3$/m);
    expect(parseLines((await on('list', '--json')).stdout)).toMatchObject([{ id: 'p' }]);
    const tail = await on('tail', 'doubles', '--json');
    expect(parseLines(tail.stdout).map(({ value }) => value)).toMatchObject([
      { index: 0 },
      { index: 4 },
      { index: 8 },
    ]);
    expect(tail.stderr).toContain('that is all there was');
    const locked = await on('pause', 'p');
    expect(locked).toMatchObject({ code: 1, stdout: '' });
    await stop(server.child, 'SIGTERM');
    expect((await on('pause', 'p')).stdout).toMatch(/^status +paused$/m);
    expect((await on('delete', 'p', '--json')).stdout).toBe('{"deleted":"p"}\n');
    expect((await on('list')).stdout).toBe('');
  });

  it('delete deletes, and what is not there ends with 1 and what to do', async () => {
    await pipeline('create', await fileOf({ ...doubled, id: 'gone' }));
    expect((await pipeline('delete', 'gone')).stdout).toBe('gone is deleted\n');
    for (const command of ['show', 'delete', 'pause', 'resume', 'reset', 'dropped']) {
      const { code, stdout, stderr } = await pipeline(command, 'gone');
      expect({ code, stdout }, command).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('`allsource pipeline list` prints those of a --tenant');
    }
  });
});
