import { beforeAll, describe, expect, it } from 'vitest';
import { makeLines, parseLines, run, serve } from './commandLine.js';

let url = '';
const consumer = (...args: string[]) => run(['consumer', ...args, '--url', url]);

beforeAll(async () => {
  ({ url } = await serve(['--memory']));
  await run(['ingest', '-', '--url', url], { input: makeLines(6).join('\n') });
});

async function ask(path: string, body?: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const init = body && { method: 'POST', headers, body: JSON.stringify(body) };
  return (await fetch(`${url}/api/v1/consumers${path}`, init)).json();
}

describe('allsource consumer', () => {
  it('create makes one, and show prints what the server has', async () => {
    const filter = ['--type-prefix', 'order.', '--entity', 'entity-0', '--tag', 'a', '--tag', 'b'];
    const limits = ['--max-in-flight', '7', '--ack-timeout-ms', '1500', '--max-attempts', '3'];
    const created = await consumer('create', 'full', '--from', '3', ...filter, ...limits);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(created.stdout).toMatch(/^filter +entity entity-0, type prefix order\., tag a, tag b$/m);
    const shown = await consumer('show', 'full', '--json');
    expect(parseLines(shown.stdout)).toEqual([await ask('/full')]);
    expect(parseLines(shown.stdout)[0]).toMatchObject({
      start_position: 3,
      max_in_flight: 7,
      ack_timeout_seconds: 1.5,
      max_attempts: 3,
      filter: { entity_id: 'entity-0', event_type_prefix: 'order.', tags: ['a', 'b'] },
    });
    // The same again is no error, another filter is.
    const again = await consumer('create', 'full', '--from', '3', ...filter, ...limits);
    expect(again.code).toBe(0);
    const other = await consumer('create', 'full');
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain('another filter');
  });

  it('list prints those of a tenant', async () => {
    const none = await consumer('list', '--tenant', 'acme');
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain('`allsource consumer create` makes one');
    await consumer('create', 'one', '--tenant', 'acme');
    await consumer('create', 'two', '--tenant', 'acme');
    const table = await consumer('list', '--tenant', 'acme');
    expect(table.stdout).toMatch(
      /^consumer +cursor +lag +in flight +dead letters +members +state$/m,
    );
    expect(table.stdout).toMatch(/^one .* ok$/m);
    const json = await consumer('list', '--tenant', 'acme', '--json');
    expect(parseLines(json.stdout).map(({ name }) => name)).toEqual(['one', 'two']);
  });

  it('seek goes on elsewhere', async () => {
    await consumer('create', 'seeker');
    const position = await consumer('seek', 'seeker', '4', '--json');
    expect(parseLines(position.stdout)[0]).toMatchObject({ cursor: 3 });
    const time = await consumer('seek', 'seeker', '2001-01-01T00:00:00Z', '--json');
    expect(parseLines(time.stdout)[0]).toMatchObject({ cursor: 0 });
    const now = await consumer('seek', 'seeker', 'now');
    expect(now.stdout).not.toMatch(/^cursor +0$/m);
  });

  it('show lists the members, dead-letters what they refused, and replay brings it again', async () => {
    await consumer('create', 'mailing', '--type', 'user.created', '--max-attempts', '1');
    await ask('/mailing/events?member=m-1&limit=10');
    const shown = await consumer('show', 'mailing');
    expect(shown.stdout).toMatch(/^m-1 +32 +3 .* no$/m);
    await ask('/mailing/nack', {
      member: 'm-1',
      positions: [2, 4],
      reason: 'no such\u001b mailbox',
    });
    const table = await consumer('dead-letters', 'mailing');
    expect(table.stdout).toMatch(/^ +2 +1 +\d{4}-.* no +no such\\u001b mailbox$/m);
    const json = await consumer('dead-letters', 'mailing', '--json');
    expect(parseLines(json.stdout)).toMatchObject([
      { position: 2, attempts: 1, reason: 'no such\u001b mailbox', replayed: false },
      { position: 4 },
    ]);
    expect((await consumer('replay', 'mailing', '2', '--json')).stdout).toBe('{"replayed":1}\n');
    expect((await consumer('replay', 'mailing')).stdout).toMatch(/again: 1\n$/);
    const unknown = await consumer('replay', 'mailing', '6');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('dead-letters prints those that there are');
  });

  it('delete deletes, and what is not there ends with 1 and what to do', async () => {
    await consumer('create', 'gone');
    expect((await consumer('delete', 'gone', '--json')).stdout).toBe('{"deleted":"gone"}\n');
    for (const command of ['show', 'delete', 'dead-letters', 'replay']) {
      const { code, stdout, stderr } = await consumer(command, 'gone');
      expect({ code, stdout }, command).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('`allsource consumer list` prints those of a --tenant');
    }
  });
});
