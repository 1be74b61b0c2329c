import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeDirectory, makeLines, parseLines, run, serve } from './commandLine.js';

let url = '';
let status = 500;
const taken: unknown[] = [];
const receiver = createServer((request, response) => {
  if (status === 204) taken.push(request.headers['webhook-id']);
  request.resume().on('end', () => response.writeHead(status).end());
});
const webhook = (...args: string[]) => run(['webhook', ...args, '--url', url]);

beforeAll(async () => {
  ({ url } = await serve(['--memory', '--allow-private-webhooks']));
  await run(['ingest', '-', '--url', url], { input: makeLines(2).join('\n') });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void receiver.close().closeAllConnections());

async function ask(path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/api/v1/webhooks${path}`);
  return (await response.json()) as Record<string, unknown>;
}

const receiverUrl = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
const poll = (check: () => Promise<boolean>) => vi.waitUntil(check, { timeout: 20_000 });

describe('allsource webhook', () => {
  it('create tells the secret once', async () => {
    const limits = ['--timeout-ms', '1500', '--pause-after', '2', '--max-attempts', '3'];
    const args = ['--type', 'order.placed', ...limits];
    const created = await webhook('create', 'told', 'https://shop.example/hook', ...args);
    expect(created.code).toBe(0);
    expect(created.stdout).toMatch(/^secret +whsec_\S+$/m);
    expect(created.stderr).toBe('the secret is not told again: give it to the receiver now\n');
    const shown = await webhook('show', 'told', '--json');
    expect(parseLines(shown.stdout)).toEqual([await ask('/told')]);
    expect(parseLines(shown.stdout)[0]).toMatchObject({
      timeout_seconds: 1.5,
      pause_after: 2,
      max_attempts: 3,
      filter: { event_type: 'order.placed' },
    });
    expect((await webhook('show', 'told')).stdout).not.toContain('whsec_');
    const json = await webhook('create', 'json', 'https://shop.example/hook', '--json');
    expect(parseLines(json.stdout)[0]).toMatchObject({
      name: 'json',
      secret: expect.stringMatching(/^whsec_/) as string,
    });
  });

  it('create takes the secret of a file', async () => {
    const file = join(await makeDirectory(), 'secret');
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    await writeFile(file, `${secret}\n`);
    const place = ['https://shop.example/hook', '--secret-file'];
    const { stdout } = await webhook('create', 'given', ...place, file, '--json');
    expect(parseLines(stdout)[0]).toMatchObject({ secret });
    const missing = await webhook('create', 'missing', ...place, `${file}-2`);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain("the secret can't be read (ENOENT); check --secret-file");
  });

  it('list, pause and resume', async () => {
    const tenant = ['--tenant', 'acme'];
    const none = await webhook('list', ...tenant);
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain('`allsource webhook create` makes one');
    await webhook('create', 'shop', 'https://shop.example/hook', ...tenant);
    const paused = await webhook('pause', 'shop', ...tenant);
    expect(paused.stdout).toMatch(/^status +paused: /m);
    const table = await webhook('list', ...tenant);
    expect(table.stdout).toMatch(/^shop +paused .* https:\/\/shop\.example\/hook$/m);
    const resumed = await webhook('resume', 'shop', '--json', ...tenant);
    expect(parseLines(resumed.stdout)[0]).toMatchObject({ status: 'active', pause_reason: null });
  });

  it('deliveries shows the attempts, and replay posts dead letters again', async () => {
    await webhook('create', 'failing', receiverUrl(), '--from', 'beginning', '--max-attempts', '1');
    await poll(async () => (await ask('/failing'))['dead_letters'] === 2);
    const table = await webhook('deliveries', 'failing');
    expect(table.stdout).toMatch(/^time +position +attempt +ms +status +result$/m);
    expect(table.stdout).toMatch(/ +500 +\S/);
    const newest = await webhook('deliveries', 'failing', '--json', '--limit', '1');
    const { deliveries } = (await ask('/failing/deliveries')) as { deliveries: unknown[] };
    expect(parseLines(newest.stdout)).toEqual(deliveries.slice(0, 1));
    status = 204;
    expect((await webhook('replay', 'failing', '--json')).stdout).toBe('{"replayed":2}\n');
    await poll(async () => (await ask('/failing'))['dead_letters'] === 0);
    expect(taken).toHaveLength(2);
  });

  it('dead-letters prints what the receiver never took', async () => {
    const letter = {
      position: 3,
      partition: 7,
      attempts: 16,
      reason: 'answered 500',
      failed_at: '2026-01-31T09:30:00.000000Z',
      replayed: false,
    };
    const page = JSON.stringify({ dead_letters: [letter], total: 1, next_position: null });
    const server = createServer((_, response) => response.end(page));
    onTestFinished(() => void server.close().closeAllConnections());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const place = ['--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
    const json = await run(['webhook', 'dead-letters', 'shop', '--json', ...place]);
    expect(parseLines(json.stdout)).toEqual([letter]);
    const table = await run(['webhook', 'dead-letters', 'shop', ...place]);
    expect(table.stdout).toMatch(/^ +3 +16 +2026-01-31 09:30:00\.000000Z +no +answered 500$/m);
  });

  it('delete deletes, and what is not there ends with 1 and what to do', async () => {
    await webhook('create', 'gone', 'https://shop.example/hook');
    expect((await webhook('delete', 'gone')).stdout).toBe('gone is deleted\n');
    for (const command of ['show', 'pause', 'resume', 'deliveries', 'delete', 'replay']) {
      const { code, stdout, stderr } = await webhook(command, 'gone');
      expect({ code, stdout }, command).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('`allsource webhook list` prints those of a --tenant');
    }
  });
});
