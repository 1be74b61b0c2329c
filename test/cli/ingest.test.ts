import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  collect,
  makeDirectory,
  makeLines,
  parseLines,
  run,
  serve,
  start,
  waitFor,
  writeLines,
} from './commandLine.js';

/** Both kinds of target, over a new store. */
const targets = [
  {
    kind: 'a data directory',
    open: async () => ['--data-dir', join(await makeDirectory(), 'data')],
  },
  { kind: 'a URL', open: async () => ['--url', (await serve(['--memory'])).url] },
];

async function countEvents(target: readonly string[]): Promise<unknown> {
  const { stdout } = await run(['stats', '--json', ...target]);
  return parseLines(stdout)[0]?.['total_events'];
}

describe.each(targets)('ingest into $kind', ({ open }) => {
  it('keeps tags, which query asks for one by one or together', async () => {
    const target = await open();
    const lines = [['a', 'b c'], ['a'], ['b c']].map((tags) =>
      JSON.stringify({ event_type: 'x', entity_id: 'e', payload: {}, tags }),
    );
    expect((await run(['ingest', '-', ...target], { input: lines.join('\n') })).code).toBe(0);
    const positions = async (...tags: string[]): Promise<unknown[]> => {
      const flags = tags.flatMap((tag) => ['--tag', tag]);
      const { stdout } = await run(['query', '--json', ...flags, ...target]);
      return parseLines(stdout).map((event) => event['position']);
    };
    expect(await positions('a')).toEqual([1, 2]);
    expect(await positions('b c', 'a')).toEqual([1]);
  });

  it('stores a file in order and prints how fast', async () => {
    const target = await open();
    const file = await writeLines(await makeDirectory(), makeLines(2500));
    const { code, stdout, stderr } = await run(['ingest', file, ...target]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^2,500 events acknowledged in [\d.]+ s, [\d,]+ events\/s\n$/);
    const query = await run(['query', '--all', '--json', ...target]);
    const indexes = parseLines(query.stdout).map((event) => event['payload']);
    expect(indexes).toHaveLength(2500);
    expect(indexes.map((payload) => (payload as { index: number }).index)).toEqual(
      Array.from({ length: 2500 }, (_, index) => index),
    );
  });

  it('prints a line of JSON for each acknowledged batch, counting up', async () => {
    const target = await open();
    const input = makeLines(25).join('\n');
    const args = ['ingest', '-', '--json', '--batch-lines', '10', ...target];
    const { code, stdout } = await run(args, { input });
    expect(code).toBe(0);
    const lines = parseLines(stdout);
    const zero = { deduplicated: 0 };
    expect(lines).toMatchObject([
      { type: 'acknowledged', events: 10, lines: 10, last_position: 10, ...zero },
      { type: 'acknowledged', events: 20, lines: 20, last_position: 20, ...zero },
      { type: 'acknowledged', events: 25, lines: 25, last_position: 25, ...zero },
      { type: 'done', events: 25, lines: 25, last_position: 25, ...zero },
    ]);
  });

  it('stops at a bad line with its number, and goes on from there with --skip-lines', async () => {
    const target = await open();
    const good = makeLines(40);
    const bad = [...good.slice(0, 24), '{"event_type":"UPPER","entity_id":"e"}', ...good.slice(25)];
    const args = ['ingest', '-', '--json', '--batch-lines', '10', ...target];
    const failed = await run(args, { input: bad.join('\n') });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^allsource: standard input: line 25: /);
    expect(failed.stderr).toContain('20 events were acknowledged, up to line 20');
    expect(failed.stderr).toContain('--skip-lines 20');
    expect(parseLines(failed.stdout).at(-1)).toMatchObject({
      type: 'stopped',
      line: 25,
      events: 20,
      lines: 20,
    });
    expect(await countEvents(target)).toBe(20);
    const again = await run([...args, '--skip-lines', '20'], { input: good.join('\n') });
    expect(again.code).toBe(0);
    expect(parseLines(again.stdout).at(-1)).toMatchObject({ type: 'done', events: 20, lines: 40 });
    expect(await countEvents(target)).toBe(40);
  });

  it('names the line of what is no JSON at all', async () => {
    const target = await open();
    const input = [...makeLines(3), '{"event_type":'].join('\n');
    const { code, stderr } = await run(['ingest', '-', ...target], { input });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^allsource: standard input: line 4: /);
    expect(stderr).not.toMatch(/line \d+.*line 4: /);
    expect(await countEvents(target)).toBe(0);
  });

  it('passes over blank lines and counts known events', async () => {
    const target = await open();
    const id = '0198c0de-0000-7000-8000-000000000001';
    const event = { event_type: 'a.b', entity_id: 'e', event_id: id, payload: 1 };
    const input = `\n${JSON.stringify(event)}\n  \r\n\n`;
    expect((await run(['ingest', '-', ...target], { input })).code).toBe(0);
    const { code, stdout } = await run(['ingest', '-', '--json', ...target], { input });
    expect(code).toBe(0);
    expect(parseLines(stdout).at(-1)).toMatchObject({ events: 1, lines: 4, deduplicated: 1 });
  });

  it('takes an empty input', async () => {
    const target = await open();
    const { code, stdout } = await run(['ingest', '-', '--json', ...target]);
    expect(code).toBe(0);
    expect(parseLines(stdout)).toMatchObject([{ type: 'done', events: 0, lines: 0 }]);
  });

  it('says what was acknowledged when it is interrupted', async () => {
    const target = await open();
    const child = start(['ingest', '-', '--json', '--batch-lines', '10', ...target]);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.stdin.write(makeLines(15).join('\n'));
    await waitFor(() => (stdout.length > 0 ? true : undefined), child);
    child.kill('SIGINT');
    await once(child, 'close');
    expect(child.exitCode).toBe(1);
    expect(stderr.join('')).toMatch(/interrupted; 10 events were acknowledged, up to line 10; /);
    expect(await countEvents(target)).toBe(10);
  });
});

describe('ingest', () => {
  it('names a file that is not there, and makes no store', async () => {
    const directory = await makeDirectory();
    const dataDir = join(directory, 'data');
    const { code, stderr } = await run(['ingest', join(directory, 'x'), '--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no such file');
    expect((await run(['stats', '--data-dir', dataDir])).code).toBe(1);
  });

  it('refuses a directory as input', async () => {
    const directory = await makeDirectory();
    const { code, stderr } = await run(['ingest', directory, '--data-dir', join(directory, 'd')]);
    expect(code).toBe(1);
    expect(stderr).toContain('that is a directory');
  });

  it('says that a running server has the directory, and what to do', async () => {
    const dataDir = join(await makeDirectory(), 'data');
    await serve(['--data-dir', dataDir]);
    const input = makeLines(1).join('\n');
    const { code, stderr } = await run(['ingest', '-', '--data-dir', dataDir], { input });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^allsource: .*; stop the process that has it open, or read beside it/);
  });

  it('reads beside a running server what was durable', async () => {
    const dataDir = join(await makeDirectory(), 'data');
    const { url } = await serve(['--data-dir', dataDir]);
    const input = makeLines(7).join('\n');
    expect((await run(['ingest', '-', '--url', url], { input })).code).toBe(0);
    expect(await countEvents(['--data-dir', dataDir])).toBe(7);
    const tail = await run(['tail', '--json', '--from', '6', '--data-dir', dataDir]);
    expect(parseLines(tail.stdout).map((event) => event['position'])).toEqual([6, 7]);
    expect(tail.stderr).toContain('give the --url of the server');
  });
});
