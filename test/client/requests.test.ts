import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../../src/client/node.js';
import { bindServer } from '../http/support.js';
import { codeOf, collect, errorOf, line, newEvent, take, uuid, wrong } from '../support/store.js';
import { RestartingServer, openClient } from './support.js';

/** Sends, and then loses the first answers. */
function losingAnswers(count: number): typeof fetch & { readonly calls: string[] } {
  const calls: string[] = [];
  const send: typeof fetch = async (input, init) => {
    calls.push(String(input));
    const response = await fetch(input, init);
    if (calls.length > count) return response;
    await response.arrayBuffer();
    throw new TypeError('fetch failed');
  };
  return Object.assign(send, { calls });
}

describe('an append whose answer is lost', () => {
  it('is written once, and tells the first result', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url, { fetch: losingAnswers(2) });
    const result = await client.append(newEvent('a', 1, { expectedVersion: 0 }));
    expect(result).toMatchObject({ version: 1, position: 1, deduplicated: false });
    expect(server.store.watermark).toBe(1);
  });

  it('is written once as a batch, under conditions that it meets once', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url, { fetch: losingAnswers(2) });
    const events = [newEvent('a', 1), newEvent('a', 2), newEvent('b', 1)];
    const condition = { failIfEventsMatch: { entityIds: ['a'] }, conditions: { b: 0 } };
    const result = await client.appendBatch(events, condition);
    expect(result).toMatchObject({ ingested: 3, firstPosition: 1, lastPosition: 3 });
    expect(result.results.map(({ deduplicated }) => deduplicated)).toEqual([false, false, false]);
    const again = await client.appendBatch([newEvent('c', 1, { eventId: uuid(7) })]);
    const known = await client.append(newEvent('c', 1, { eventId: uuid(7) }));
    expect(known).toMatchObject({ position: again.firstPosition, deduplicated: true });
    expect(server.store.watermark).toBe(4);
  });

  it('is not sent again as bytes, and says so', async () => {
    const server = await RestartingServer.start();
    const fetch = losingAnswers(1);
    const client = openClient(server.url, { fetch });
    const bytes = Buffer.from(line('a', '1', { event_id: uuid(1) }));
    const error = await errorOf(() => client.appendBatch(bytes));
    expect(error.code).toBe('append_outcome_unknown');
    expect(error.message).toContain('event ids of yours');
    expect(fetch.calls).toHaveLength(1);
    expect(await client.appendBatch(bytes)).toMatchObject({ ingested: 0 });
    expect(server.store.watermark).toBe(1);
  });
});

describe('a server that is out of reach', () => {
  it('is waited for as long as the options say', async () => {
    const server = await RestartingServer.start();
    const { url } = server;
    await server.stop();
    const hasty = openClient(url, { retryForMs: 0 });
    const error = await errorOf(() => hasty.append(newEvent('a')));
    expect(error).toMatchObject({ code: 'append_outcome_unknown' });
    expect(error.message).toContain('nothing listens there');
    expect(await codeOf(() => hasty.stats())).toBe('server_unreachable');
    const patient = openClient(url);
    const appended = patient.append(newEvent('a'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.startAgain();
    expect(await appended).toMatchObject({ position: 1 });
    expect(await collect(patient.read())).toHaveLength(1);
  });

  it('is given up at once where its answer is no allsource server’s', async () => {
    const other = createServer((_, response) => response.writeHead(404).end('not here'));
    onTestFinished(() => void other.close());
    const client = openClient(`http://127.0.0.1:${await bindServer(other)}`);
    const error = await errorOf(() => client.stats());
    expect(error.message).toContain('answered 404');
    expect(error.message).toContain('is that an allsource server?');
  });

  it('is given up at once where it answers 200 without JSON', async () => {
    const other = createServer((_, response) => response.end('<html>'));
    onTestFinished(() => void other.close());
    const client = openClient(`http://127.0.0.1:${await bindServer(other)}`);
    const error = await errorOf(() => client.stats());
    expect(error.message).toContain('not JSON; is that an allsource server?');
  });

  it('ends a call after its time', async () => {
    const silent = createServer(() => undefined);
    onTestFinished(() => void silent.close().closeAllConnections());
    const url = `http://127.0.0.1:${await bindServer(silent)}`;
    const client = openClient(url, { timeoutMs: 50, retryForMs: 0 });
    const error = await errorOf(() => client.stats());
    expect(error.message).toContain('no answer in time');
  });
});

describe('a long answer', () => {
  const line = '{"position":1}\n';

  /** Sends a line, and no more; tells when its reader has gone. */
  async function startEndless() {
    let onGone: () => void;
    const gone = new Promise<void>((resolve) => (onGone = resolve));
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).write(line);
      response.on('close', () => onGone());
    });
    onTestFinished(() => void server.close().closeAllConnections());
    return { server, gone, url: `http://127.0.0.1:${await bindServer(server)}` };
  }

  it('is ended by a reader that leaves', async () => {
    const { url, gone } = await startEndless();
    for await (const chunk of openClient(url).readNdjson()) {
      expect(Buffer.from(chunk).toString()).toBe(line);
      break;
    }
    await gone;
  });

  it('is ended by close', async () => {
    const { url, gone } = await startEndless();
    const client = openClient(url);
    const reading = client.readNdjson()[Symbol.asyncIterator]();
    await reading.next();
    const next = codeOf(() => reading.next());
    await client.close();
    expect(await next).toBe('store_closed');
    await gone;
  });

  it('that breaks off says so', async () => {
    const { server, url } = await startEndless();
    const reading = openClient(url).readNdjson()[Symbol.asyncIterator]();
    await reading.next();
    server.closeAllConnections();
    const error = await errorOf(() => reading.next());
    expect(error.code).toBe('server_unreachable');
    expect(error.message).toContain('the connection ended in the middle of the answer');
  });
});

describe('the client', () => {
  it('sends its token as a header, and never in a path but of a WebSocket', async () => {
    const seen: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      seen.push(request);
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"error":"no","code":"route_not_found"}');
    });
    server.on('upgrade', (request, socket) => {
      seen.push(request);
      socket.destroy();
    });
    onTestFinished(() => void server.close().closeAllConnections());
    const url = `http://127.0.0.1:${await bindServer(server)}/`;
    const client = openClient(url, { token: 'secret+1', retryForMs: 0 });
    expect(await codeOf(() => client.stats())).toBe('route_not_found');
    expect(seen[0]?.headers.authorization).toBe('Bearer secret+1');
    expect(seen[0]?.url).toBe('/api/v1/stats');
    const error = await errorOf(() => client.subscribe({ from: 1 }));
    expect(error.message).not.toContain('secret');
    const upgrade = seen.find(({ headers }) => headers.upgrade === 'websocket');
    expect(new URL(upgrade?.url ?? '', url).searchParams.get('access_token')).toBe('secret+1');
  });

  it.each([
    ['ftp://127.0.0.1', {}],
    ['localhost:3900', {}],
    ['', {}],
    ['http://127.0.0.1', { retryForMs: -1 }],
    ['http://127.0.0.1', { timeoutMs: Number.NaN }],
  ])('refuses to connect to %s with %j', async (url, options) => {
    expect(await codeOf(() => connect(url, options))).toBe('invalid_configuration');
  });

  it('takes a path in its URL, and a URL', async () => {
    const server = await RestartingServer.start();
    const client = openClient(wrong(new URL(`${server.url}/?x=1#y`)));
    expect(await client.append(newEvent('ä/ö?#%'))).toMatchObject({ version: 1 });
    expect(await client.state('ä/ö?#%')).toMatchObject({ entityId: 'ä/ö?#%', version: 1 });
  });

  it('makes any number of requests at once without a warning of Node.js', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    await Promise.all(Array.from({ length: 30 }, (_, i) => client.append(newEvent('a', i))));
    expect(warnings).toEqual([]);
  });

  it('waits for appends under way when it is closed, and ends the rest', async () => {
    const server = await RestartingServer.start();
    const client = connect(server.url);
    const consumer = await makeConsumer(client);
    const pulling = codeOf(() => consumer.pull({ member: 'm', limit: 1, waitMs: 60_000 }));
    const events = collect(client.subscribe({ from: 1 }).events());
    const appends = Array.from({ length: 50 }, (_, i) => client.append(newEvent('a', i)));
    await client.close();
    await client.close();
    expect(await Promise.all(appends)).toHaveLength(50);
    expect(await pulling).toBe('store_closed');
    expect((await events).length).toBeLessThanOrEqual(50);
    expect(await codeOf(() => client.consumers.list())).toBe('store_closed');
    expect(server.store.readOnly).toBe(false);
  });
});

describe('a read over a network', () => {
  it('is ended by whoever leaves it, and by close', async () => {
    const server = await RestartingServer.start();
    const events = Array.from({ length: 1000 }, (_, i) => newEvent(`e${i % 7}`, 'x'.repeat(1000)));
    for (let i = 0; i < 20; i += 1) await server.store.appendBatch(events);
    const client = openClient(server.url);
    expect(await take(client.read(), 10)).toHaveLength(10);
    expect(await collect(client.read({ limit: 0 }))).toEqual([]);
    const reading = client.read()[Symbol.asyncIterator]();
    await reading.next();
    await client.close();
    const rest = async () => {
      while ((await reading.next()).done !== true);
    };
    expect(await codeOf(rest)).toBe('store_closed');
  });
});

async function makeConsumer(client: ReturnType<typeof connect>) {
  await client.consumers.create({ name: 'c', from: 'now' });
  return client.consumers.get('c');
}
