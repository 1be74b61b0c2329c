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

describe.each(targets)('analytics on $kind', ({ open }) => {
  let target: readonly string[] = [];
  const ask = async (...args: readonly string[]) => run(['analytics', ...args, ...target]);

  beforeAll(async () => {
    target = await open(await makeStore(30));
  });

  it('summary counts events, entities and types', async () => {
    const { stdout, stderr } = await ask('summary', '--json');
    expect(stderr).toBe('');
    expect(parseLines(stdout)).toMatchObject([{ total_events: 30 }]);
    expect((await ask('summary')).stdout).toMatch(/^events +30\n/);
    const none = await ask('summary', '--tenant', 'other');
    expect(none.stdout).toMatch(/^events +0\n/);
  });

  it('frequency prints buckets', async () => {
    const [answer] = parseLines((await ask('frequency', '--window', 'month', '--json')).stdout);
    expect(answer).toMatchObject({ total_events: 30, window: 'month' });
    const lines = (await ask('frequency', '--bucket-size', '31622400')).stdout.split('\n');
    expect(lines[0]).toMatch(/from +events +by type/);
    expect(lines[1]).toMatch(/\d{4}-\d\d-\d\d 00:00:00Z +30 /);
    expect((await ask('frequency', '--entity', 'nobody')).stderr).toBe('no events match\n');
  });

  it('counts prints the highest', async () => {
    const [answer] = parseLines((await ask('counts', '--by', 'entity_id', '--json')).stdout);
    expect(answer).toMatchObject({ total_events: 30, counts: { length: 3 } });
    const few = await ask('counts', '--by', 'payload.index', '--limit', '2');
    expect(few.stdout.split('\n')[1]).toMatch(/^ +1 +3\.3 % +0$/);
    expect(few.stderr).toBe('28 more values: give --limit\n');
  });

  it('field prints numbers', async () => {
    const [answer] = parseLines(
      (await ask('field', 'index', '--percentiles', '50', '--json')).stdout,
    );
    expect(answer).toMatchObject({
      count: 30,
      sum: 435,
      max: 29,
      percentiles: [{ percentile: 50, value: 14.5 }],
      groups: null,
    });
    const grouped = (await ask('field', 'index', '--group-by', 'entity_id')).stdout.split('\n');
    expect(grouped[0]).toMatch(/count +nulls +sum .* p99 +value$/);
    expect(grouped[1]).toMatch(/^ +30 .* all$/);
    expect(grouped).toHaveLength(6);
  });

  it('correlation, funnel and cohorts print what goes together', async () => {
    const [counts] = parseLines((await ask('counts', '--json')).stdout);
    const [first] = counts?.['counts'] as { value: string; count: number }[];
    const type = first?.value ?? '';
    const pairs = await ask('correlation', type, type);
    expect(pairs.stderr).toBe('');
    expect(pairs.stdout).toContain(`${type} near a ${type}`);
    const [funnel] = parseLines((await ask('funnel', type, type, '--json')).stdout);
    expect(funnel).toMatchObject({ steps: [{ entities: 3 }, { entities: 3 }] });
    expect((await ask('funnel', type, 'no.such')).stdout).toContain('0.0 %');
    const cohorts = (await ask('cohorts', '--period', 'month')).stdout.split('\n');
    expect(cohorts[0]).toMatch(/month +entities/);
    expect(cohorts[1]).toMatch(/\d{4}-\d\d-01 +3$/);
  });

  it.each<[string, readonly string[], number, string]>([
    ['an unknown window', ['frequency', '--window', 'year'], 2, 'minute, hour, day'],
    ['a group that is none', ['counts', '--by', 'country'], 2, 'payload.country'],
    ['percentiles that are none', ['field', 'a', '--percentiles', 'x'], 2, '50,99.9'],
    ['one step', ['funnel', 'a.b'], 2, 'types'],
    ['a path that is none', ['field', 'a..b'], 2, 'names with dots'],
  ])('refuses %s', async (_name, args, code, message) => {
    const refused = await ask(...args);
    expect(refused).toMatchObject({ code, stdout: '' });
    expect(refused.stderr).toContain(message);
  });
});
