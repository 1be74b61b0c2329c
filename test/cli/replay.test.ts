import { beforeAll, describe, expect, it } from 'vitest';
import { makeLines, makeDirectory, parseLines, run, serve } from './commandLine.js';

let url = '';
const replay = (...args: string[]) => run(['replay', ...args, '--url', url]);

async function declare(name: string, tenant = 'default'): Promise<void> {
  const declaration = { name, fields: { events: { fold: 'count' } } };
  const args = ['projection', 'declare', '-', '--tenant', tenant, '--url', url];
  const { code } = await run(args, { input: JSON.stringify(declaration) });
  expect(code).toBe(0);
}

beforeAll(async () => {
  ({ url } = await serve(['--memory']));
  await run(['ingest', '-', '--url', url], { input: makeLines(30).join('\n') });
  await declare('one');
  await declare('two');
});

describe('allsource replay', () => {
  it('start builds states anew and says what it did', async () => {
    const all = await replay('start', '--mode', 'blue_green', '--workers', '2');
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(all.stdout).toMatch(/^projections +one, two$/m);
    expect(all.stdout).toMatch(/^status +completed$/m);
    expect(all.stdout).toMatch(/^events +60 of 60$/m);
    const part = await replay('start', 'one', '--entity', 'entity-1', '--json');
    const [info] = parseLines(part.stdout);
    expect(info).toMatchObject({ status: 'completed', projections: ['one'], mode: 'clear' });
    expect(info?.['processed_events']).toBe(info?.['total_events']);
    expect(Number(info?.['total_events'])).toBeLessThan(30);
  });

  it('start --detach leaves it to the server, list and show print it, delete forgets it', async () => {
    const begun = await replay('start', 'two', '--detach', '--json');
    const id = String(parseLines(begun.stdout)[0]?.['replay_id']);
    const shown = async () => (await replay('show', id, '--json')).stdout;
    await expect
      .poll(async () => parseLines(await shown())[0], { timeout: 20_000 })
      .toMatchObject({ status: 'completed', processed_events: 30 });
    const table = await replay('list');
    expect(table.stdout).toMatch(/^replay +started +status +events +of +projections$/m);
    expect(table.stdout).toContain(id);
    expect((await replay('cancel', id)).stdout).toMatch(/^status +completed$/m);
    expect(await replay('delete', id)).toMatchObject({ code: 0, stdout: `${id} is deleted\n` });
    const gone = await replay('show', id);
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toContain(`there is no replay "${id}"`);
  });

  it('works on a data directory', async () => {
    const dataDir = ['--data-dir', await makeDirectory()];
    await run(['ingest', '-', ...dataDir], { input: makeLines(5).join('\n') });
    const declaration = JSON.stringify({ name: 'here', fields: { events: { fold: 'count' } } });
    await run(['projection', 'declare', '-', ...dataDir], { input: declaration });
    const begun = await run(['replay', 'start', '--json', ...dataDir]);
    expect(parseLines(begun.stdout)).toMatchObject([{ status: 'completed', processed_events: 5 }]);
    const listed = await run(['replay', 'list', '--json', ...dataDir]);
    expect(parseLines(listed.stdout)).toEqual(parseLines(begun.stdout));
  });

  it('says what is wrong', async () => {
    const cases: [string[], number, string][] = [
      [['start', 'nothing'], 1, 'there is no projection "nothing"'],
      [['start', 'event_counters'], 1, 'there is nothing to replay'],
      [['start', '--mode', 'red'], 2, 'clear, blue_green'],
      [['start', '--from', 'yesterday'], 2, '2026-01-31T09:30:00Z'],
      [['start', '--workers', '0'], 2, '--workers'],
      [['show', 'nothing'], 1, 'there is no replay "nothing"'],
    ];
    for (const [args, code, told] of cases) {
      const refused = await replay(...args);
      expect(refused, told).toMatchObject({ code, stdout: '' });
      expect(refused.stderr).toContain(told);
    }
    expect((await replay('list', '--tenant', 'nobody')).stderr).toContain('no replays');
  });
});
