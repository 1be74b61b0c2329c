import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { RequestRefused, sendRequest } from '../../src/outgoing/index.js';

async function serve(host: string, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function get(url: string, isAllowed: (address: string) => boolean) {
  const { signal } = new AbortController();
  const bounds = { timeoutMs: 10_000, answerBytesMax: 100, signal };
  return sendRequest({ method: 'GET', url, headers: {}, isAllowed, ...bounds });
}

it('checks the address of each redirect', async () => {
  let asked = 0;
  const inner = await serve('127.0.0.2', (_request, response) => {
    asked += 1;
    response.end('inner');
  });
  const outer = await serve('127.0.0.1', (_request, response) => {
    response.writeHead(302, { location: `http://127.0.0.2:${inner}/` }).end();
  });
  const url = `http://127.0.0.1:${outer}/`;
  const refused = get(url, (address) => address === '127.0.0.1');
  await expect(refused).rejects.toThrow(RequestRefused);
  await expect(refused).rejects.toThrow('127.0.0.2 is not a public address');
  expect(asked).toBe(0);
  const answer = await get(url, () => true);
  expect([answer.status, answer.body.toString(), answer.ending]).toEqual([200, 'inner', 'whole']);
});

it('connects to the address that was checked after the name was looked up', async () => {
  const port = await serve('127.0.0.1', (_request, response) => response.end('ok'));
  const checked: string[] = [];
  const isAllowed = (address: string): boolean => {
    checked.push(address);
    return false;
  };
  await expect(get(`http://localhost:${port}/`, isAllowed)).rejects.toThrow(RequestRefused);
  expect(['127.0.0.1', '::1']).toContain(checked[0]);
});

it('tells an answer that is too long, or broke off, from a whole one', async () => {
  const port = await serve('127.0.0.1', ({ url }, response) => {
    if (url === '/long') response.end('x'.repeat(101));
    else if (url === '/whole') response.end('x'.repeat(100));
    else {
      response.writeHead(200, { 'content-length': '50' });
      response.write('x', () => response.destroy());
    }
  });
  const endingOf = async (path: string) =>
    (await get(`http://127.0.0.1:${port}${path}`, () => true)).ending;
  expect(await endingOf('/long')).toBe('tooLong');
  expect(await endingOf('/whole')).toBe('whole');
  expect(await endingOf('/broken')).toBe('broken');
});
