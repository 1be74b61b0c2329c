import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
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

const shell = promisify(execFile);

describe('serve', () => {
  it('says that the port is taken, and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    try {
      const { code, stdout, stderr } = await run(['serve', '--memory', '--port', port]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe(
        `allsource: port ${port} on 127.0.0.1 is taken by another process; stop that one, or ` +
          'choose another port with --port (0 takes a free one)\n',
      );
    } finally {
      other.close();
    }
  });

  it('says that the data directory is open in another process', async () => {
    const dataDir = join(await makeDirectory(), 'data');
    await serve(['--data-dir', dataDir]);
    const { code, stderr } = await run(['serve', '--port', '0', '--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(stderr).toContain('stop the process that has it open');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('prints three commands that work as they stand', async () => {
    const { stderr } = await serve(['--memory']);
    const commands = stderr.join('').match(/^ *curl .*$/gm) ?? [];
    expect(commands).toHaveLength(3);
    const answers: unknown[] = [];
    for (const command of commands) {
      const { stdout } = await shell('sh', ['-c', command.replace('curl', 'curl -sS')]);
      answers.push(JSON.parse(stdout));
    }
    expect(answers[0]).toMatchObject({ version: 1, position: 1 });
    expect(answers[1]).toMatchObject({ count: 1 });
    expect(answers[2]).toMatchObject({ version: 1, event_count: 1 });
  });

  it('says where the data is and how durable', async () => {
    const dataDir = join(await makeDirectory(), 'data');
    const { stderr } = await serve(['--data-dir', dataDir, '--durability', 'async']);
    expect(stderr.join('')).toContain(dataDir);
    expect(stderr.join('')).toMatch(/^durability +async/m);
  });

  it('writes nothing but JSON lines to standard output', async () => {
    const { child, url, stdout } = await serve(['--memory', '--log-level', 'debug']);
    await fetch(`${url}/health`);
    await stop(child, 'SIGTERM');
    const lines = parseLines(stdout.join(''));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toHaveProperty('level');
  });

  it('ends with 0 on SIGTERM, and what was acknowledged is there at the next start', async () => {
    const dataDir = join(await makeDirectory(), 'data');
    const first = await serve(['--data-dir', dataDir]);
    const input = makeLines(50).join('\n');
    expect((await run(['ingest', '-', '--url', first.url], { input })).code).toBe(0);
    await stop(first.child, 'SIGTERM');
    expect(first.child.exitCode).toBe(0);
    const second = await serve(['--data-dir', dataDir]);
    const { stdout } = await run(['stats', '--json', '--url', second.url]);
    expect(parseLines(stdout)[0]).toMatchObject({ total_events: 50 });
  });

  it('takes its port from PORT', async () => {
    const child = start(['serve', '--memory'], { env: { PORT: '0' } });
    const stderr = collect(child.stderr);
    const url = await waitFor(() => /http:\/\/[\d.]+:(\d+)/.exec(stderr.join(''))?.[1], child);
    expect(url).not.toBe('3900');
  });
});

describe('tail', () => {
  it('follows what is appended, from a position on, and ends with 0 on Ctrl-C', async () => {
    const { url } = await serve(['--memory']);
    await run(['ingest', '-', '--url', url], { input: makeLines(5).join('\n') });
    const child = start(['tail', '--json', '--from', '4', '--url', url]);
    const stdout = collect(child.stdout);
    const seen = (count: number) => () =>
      parseLines(stdout.join('')).length >= count ? true : undefined;
    await waitFor(seen(2), child);
    await run(['ingest', '-', '--url', url], { input: makeLines(3, 5).join('\n') });
    await waitFor(seen(5), child);
    await stop(child, 'SIGINT');
    expect(child.exitCode).toBe(0);
    const positions = parseLines(stdout.join('')).map((event) => event['position']);
    expect(positions).toEqual([4, 5, 6, 7, 8]);
  });

  it('prints only what its filter lets through', async () => {
    const { url } = await serve(['--memory']);
    await run(['ingest', '-', '--url', url], { input: makeLines(6).join('\n') });
    const filter = ['--type', 'order.placed', '--from', 'beginning'];
    const child = start(['tail', '--json', ...filter, '--url', url]);
    const stdout = collect(child.stdout);
    await waitFor(() => (parseLines(stdout.join('')).length >= 3 ? true : undefined), child);
    await stop(child, 'SIGINT');
    const positions = parseLines(stdout.join('')).map((event) => event['position']);
    expect(positions).toEqual([1, 3, 5]);
  });

  it('goes on where it was after the server was restarted', { timeout: 30_000 }, async () => {
    const dataDir = join(await makeDirectory(), 'data');
    const first = await serve(['--data-dir', dataDir]);
    const port = new URL(first.url).port;
    await run(['ingest', '-', '--url', first.url], { input: makeLines(3).join('\n') });
    const child = start(['tail', '--json', '--from', 'beginning', '--url', first.url]);
    const stdout = collect(child.stdout);
    const seen = (count: number) => () =>
      parseLines(stdout.join('')).length >= count ? true : undefined;
    await waitFor(seen(3), child);
    await stop(first.child, 'SIGTERM');
    const second = await serve(['--data-dir', dataDir, '--port', port]);
    await run(['ingest', '-', '--url', second.url], { input: makeLines(2, 3).join('\n') });
    await waitFor(seen(5), child);
    await stop(child, 'SIGINT');
    const positions = parseLines(stdout.join('')).map((event) => event['position']);
    expect(positions).toEqual([1, 2, 3, 4, 5]);
  });

  it('ends with 1 where there is no server', async () => {
    const { code, stderr } = await run(['tail', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(stderr).toContain("can't be reached");
  });
});
