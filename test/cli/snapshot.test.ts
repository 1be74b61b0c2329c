import { beforeAll, describe, expect, it } from 'vitest';
import { makeStore, parseLines, run, serve } from './commandLine.js';

/** The same commands on both kinds of target. */
const targets = [
  { kind: 'a data directory', open: async (dataDir: string) => ['--data-dir', dataDir] },
  {
    kind: 'a URL',
    open: async (dataDir: string) => ['--url', (await serve(['--data-dir', dataDir])).url],
  },
];

describe.each(targets)('on $kind', ({ open }) => {
  let target: readonly string[] = [];

  beforeAll(async () => {
    target = await open(await makeStore(30));
  });

  it('state prints an entity as it was at a version', async () => {
    const { stdout, stderr } = await run([
      'state',
      'entity-0',
      '--json',
      ...['--version', '3', '--merge', 'deep', '--history', '1'],
      ...target,
    ]);
    expect(stderr).toBe('');
    const [state] = parseLines(stdout);
    expect(state).toMatchObject({ version: 3, event_count: 3, current_state: { index: 6 } });
    expect(state?.['history']).toHaveLength(1);
    const none = await run(['state', 'entity-0', '--version', '99', ...target]);
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toContain('entity "entity-0" has no version 99');
    const both = ['--version', '1', '--as-of', '2026-01-31T09:30:00Z'];
    const refused = await run(['state', 'entity-0', ...both, ...target]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('version: give either a version or as_of');
  });

  it('snapshot show and list say that there is none', async () => {
    const shown = await run(['snapshot', 'show', 'entity-1', ...target]);
    expect(shown).toMatchObject({ code: 1, stdout: '' });
    expect(shown.stderr).toContain('entity "entity-1" has no snapshot');
    const listed = await run(['snapshot', 'list', 'entity-1', ...target]);
    expect(listed).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no snapshots; `allsource snapshot create` makes one\n',
    });
    const created = await run(['snapshot', 'create', 'nobody', ...target]);
    expect(created.code).toBe(1);
    expect(created.stderr).toContain('entity "nobody" has no events');
  });

  it('snapshot create makes one, which show and list print', async () => {
    const created = await run(['snapshot', 'create', 'entity-0', '--json', ...target]);
    expect({ code: created.code, stderr: created.stderr }).toEqual({ code: 0, stderr: '' });
    const [info] = parseLines(created.stdout);
    expect(info).toMatchObject({
      entity_id: 'entity-0',
      event_count: 10,
      snapshot_type: 'manual',
      state_of: 'shallow',
    });
    const shown = await run(['snapshot', 'show', 'entity-0', '--json', ...target]);
    expect(parseLines(shown.stdout)).toEqual([
      { ...info, state: expect.objectContaining({ index: 27 }) as object },
    ]);
    await run(['snapshot', 'create', 'entity-1', ...target]);
    const all = parseLines((await run(['snapshot', 'list', '--json', ...target])).stdout);
    expect(all.map((snapshot) => snapshot['entity_id'])).toEqual(['entity-1', 'entity-0']);
    const one = ['snapshot', 'list', 'entity-0', '--json', '--limit', '1', ...target];
    expect(parseLines((await run(one)).stdout)).toEqual([info]);
  });

  it('snapshot prints aligned columns for people', async () => {
    const created = await run(['snapshot', 'create', 'entity-2', ...target]);
    expect(created.stdout).toMatch(/^entity +entity-2$/m);
    expect(created.stdout).toMatch(/^events +10$/m);
    const shown = await run(['snapshot', 'show', 'entity-2', ...target]);
    expect(shown.stdout).toMatch(/\nstate\n\{\n {2}"index"/);
    const { stdout } = await run(['snapshot', 'list', 'entity-2', ...target]);
    const [head, line] = stdout.split('\n');
    expect(head).toMatch(/^created +entity +state of +kind +events +bytes$/);
    expect(line).toMatch(/entity-2 +shallow +manual +10 +\d+$/);
  });

  it('snapshot is of the tenant that is asked for', async () => {
    const args = ['snapshot', 'create', 'entity-0', '--tenant', 'two', ...target];
    expect((await run(args)).stderr).toContain('has no events');
  });
});

it.each([
  [['snapshot', 'create']],
  [['snapshot', 'list', '--limit', '0']],
  [['state', 'e', '--merge', 'other']],
  [['state', 'e', '--version', '0']],
])('refuses the command line %j', async (args) => {
  const { code, stdout } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

it('prints the version of the program where no command is named', async () => {
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
