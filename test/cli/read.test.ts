import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeStore, parseLines, run, serve, start } from './commandLine.js';

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

  it('query --json prints events as NDJSON in the wire names', async () => {
    const { code, stdout, stderr } = await run(['query', '--json', ...target]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const events = parseLines(stdout);
    expect(events).toHaveLength(30);
    expect(events[4]).toMatchObject({
      position: 5,
      entity_id: 'entity-1',
      event_type: 'order.placed',
      version: 2,
      payload: { index: 4, field1: 4 },
      metadata: null,
      tenant_id: 'default',
    });
    expect(events[4]?.['timestamp']).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/);
  });

  it('query applies filters, order and limit, and says when more match', async () => {
    const filters = ['--entity', 'entity-0', '--type-prefix', 'order.', '--order', 'desc'];
    const all = await run(['query', '--json', ...filters, ...target]);
    const positions = parseLines(all.stdout).map((event) => event['position']);
    expect(positions).toEqual([25, 19, 13, 7, 1]);
    const cut = await run(['query', '--json', '--limit', '2', ...filters, ...target]);
    expect(parseLines(cut.stdout).map((event) => event['position'])).toEqual([25, 19]);
    expect(cut.stderr).toContain('2 events printed, more match');
    const rest = await run(['query', '--json', '--all', '--from-position', '29', ...target]);
    expect(parseLines(rest.stdout).map((event) => event['position'])).toEqual([29, 30]);
  });

  it('query prints aligned columns for people', async () => {
    const { stdout } = await run(['query', ...target]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(31);
    expect(lines[0]).toMatch(/^position {2}time +entity +version {2}type +payload$/);
    const starts = lines.slice(1).map((line) => line.indexOf('entity-'));
    expect(new Set(starts).size).toBe(1);
  });

  it('query says that nothing matches', async () => {
    const { code, stdout, stderr } = await run(['query', '--entity', 'nobody', ...target]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'no events match\n' });
  });

  it('query --as-of a time before the first event finds nothing', async () => {
    const args = ['query', '--json', '--as-of', '2001-01-01T00:00:00+01:00', ...target];
    expect(await run(args)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('state prints the merged payloads', async () => {
    const json = await run(['state', 'entity-0', '--json', '--history', '2', ...target]);
    const [state] = parseLines(json.stdout);
    expect(state).toMatchObject({
      entity_id: 'entity-0',
      event_count: 10,
      version: 10,
      as_of: null,
      current_state: { index: 27, field0: 27 },
    });
    expect(state?.['history']).toHaveLength(2);
    const human = await run(['state', 'entity-0', ...target]);
    expect(human.stdout).toMatch(/^version +10$/m);
    expect(human.stdout).toMatch(/^ +"field0" +27$/m);
  });

  it('state of an unknown entity ends with 1', async () => {
    const { code, stdout, stderr } = await run(['state', 'nobody', '--json', ...target]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^allsource: .*"?nobody"? .*\n$/);
  });

  it('stats counts', async () => {
    const { stdout } = await run(['stats', '--json', ...target]);
    expect(parseLines(stdout)[0]).toMatchObject({
      total_events: 30,
      total_entities: 3,
      total_event_types: 2,
      watermark: 30,
    });
    const human = await run(['stats', ...target]);
    expect(human.stdout).toMatch(/^events +30$/m);
    expect(human.stdout).toMatch(/^root hash +[0-9a-f]{64}$/m);
  });

  it('keeps tenants apart', async () => {
    const { stdout } = await run(['query', '--json', '--tenant', 'other', ...target]);
    expect(stdout).toBe('');
  });

  it('query ends quietly when nobody reads on', async () => {
    const large = await open(await makeStore(5000));
    const child = start(['query', '--all', '--json', ...large]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child, 'close');
    expect({ code: child.exitCode, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('payloads', () => {
  const payload = '{"n":1.0,"big":12345678901234567890,"e":1E2,"u":"\\u00e4"}';
  const input = `{"event_type":"a","entity_id":"a","payload":${payload}}\n`;

  it('are the bytes that were appended, in query and in tail', async () => {
    const { url } = await serve(['--memory']);
    await run(['ingest', '-', '--url', url], { input });
    const { stdout } = await run(['query', '--json', '--url', url]);
    expect(stdout).toContain(`"payload":${payload}`);
    const child = start(['tail', '--json', '--from', 'beginning', '--url', url]);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(line.toString()).toBe(stdout);
  });
});

describe('a target that is not there', () => {
  it('is named with what to do, for a directory', async () => {
    const { code, stderr } = await run(['stats', '--data-dir', '/nowhere/at/all']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^allsource: \/nowhere\/at\/all: expected the data directory .*\n$/);
  });

  it('is named with what to do, for a URL', async () => {
    const { code, stderr } = await run(['stats', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^allsource: http:\/\/127\.0\.0\.1:1 can't be reached: .*serve.*\n$/);
  });
});

describe('events that hold control characters', () => {
  it('do not steer the terminal', async () => {
    const dataDir = await makeStore(1);
    const input =
      '{"event_type":"a","entity_id":"evil","payload":{"t":"\\u001b[2J\u009b2J\u202e"}}\n';
    await run(['ingest', '-', '--data-dir', dataDir], { input });
    const { stdout } = await run(['query', '--entity', 'evil', '--data-dir', dataDir]);
    expect(stdout).not.toMatch(/[\u001b\u0080-\u009f\u202e]/);
    expect(stdout).toContain('\\u009b');
  });
});
