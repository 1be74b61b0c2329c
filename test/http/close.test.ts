import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type HttpServer,
  type ListenOptions,
  listen,
  stopOnSignals,
} from '../../src/server/index.js';
import { bodyOf, call, eventually, json, newEvent, openMemoryStore, silent } from './support.js';

async function startServer(options: ListenOptions = {}): Promise<HttpServer> {
  const store = await openMemoryStore();
  const server = await listen(store, {
    port: 0,
    logger: silent,
    processMetrics: false,
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

/** A request whose head is there and whose body is not. */
async function beginAppend(server: HttpServer, agent?: Agent): Promise<ClientRequest> {
  const path = '/api/v1/events';
  const outgoing = request({ port: server.port, path, method: 'POST', headers: json, agent });
  const arrived = once(server.server, 'request');
  outgoing.flushHeaders();
  await arrived;
  return outgoing;
}

async function finish(outgoing: ClientRequest): Promise<IncomingMessage> {
  outgoing.end(newEvent());
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.resume();
  return response;
}

describe('closing a server', () => {
  it('finishes requests under way and takes no more', async () => {
    const server = await startServer();
    const outgoing = await beginAppend(server);
    const closing = server.close();
    const response = await finish(outgoing);
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    await closing;
    await expect(call(server, { path: '/health' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('refuses what comes on a connection that is kept', async () => {
    const server = await startServer();
    const outgoing = await beginAppend(server);
    const closing = server.close();
    // The same connection, behind the request that is under way.
    outgoing.socket?.write(`2\r\n{}\r\n0\r\n\r\nGET /ready HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    expect(response.headers.connection).toBe('close');
    response.resume();
    await closing;
  });

  it('says at /ready that it is draining while it still serves', async () => {
    const server = await startServer({ drainDelayMs: 60_000, closeDeadlineMs: 100 });
    expect((await call(server, { path: '/ready' })).status).toBe(200);
    const timers: (() => void)[] = [];
    const setTimeoutBefore = globalThis.setTimeout;
    // The delay ends when the test says so.
    Object.defineProperty(globalThis, 'setTimeout', {
      configurable: true,
      writable: true,
      value: (run: () => void, ms: number) =>
        ms === 60_000 ? timers.push(run) : setTimeoutBefore(run, ms),
    });
    const closing = server.close();
    globalThis.setTimeout = setTimeoutBefore;
    const ready = await call(server, { path: '/ready' });
    expect(ready.status).toBe(503);
    expect(bodyOf(ready)['code']).toBe('shutting_down');
    expect((await call(server, { path: '/health' })).status).toBe(200);
    expect((await call(server, { path: '/api/v1/stats' })).status).toBe(200);
    for (const run of timers) run();
    await closing;
  });

  it('cuts what is not done at its deadline', async () => {
    const server = await startServer({ closeDeadlineMs: 50 });
    const outgoing = await beginAppend(server);
    const cut = once(outgoing, 'error');
    await server.close();
    const [error] = (await cut) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  it('closes idle connections at once, and closes once', async () => {
    const server = await startServer({ keepAliveTimeoutMs: 60_000 });
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const response = await finish(await beginAppend(server, agent));
    await once(response, 'end');
    const closing = server.close();
    expect(server.close()).toBe(closing);
    await closing;
  });

  it('closes connections on which no request came at once', async () => {
    const server = await startServer();
    const socket = connect(server.port, '127.0.0.1');
    await Promise.all([once(socket, 'connect'), once(server.server, 'connection')]);
    const gone = once(socket, 'close');
    const begin = performance.now();
    await server.close();
    await gone;
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  it('frees a connection whose client left in the middle of a body', async () => {
    const server = await startServer();
    const outgoing = await beginAppend(server);
    outgoing.on('error', () => undefined);
    outgoing.write('{');
    outgoing.destroy();
    await eventually(async () => {
      const { text } = await call(server, { path: '/metrics' });
      return /requests_total\{[^}]*status="499"\} 1/.test(text) || undefined;
    });
  });
});

describe('stopping on signals', () => {
  function stopWith(close: () => Promise<void>): number[] {
    const codes: number[] = [];
    onTestFinished(stopOnSignals({ close, exit: (code) => codes.push(code) }));
    return codes;
  }

  it('closes on the first signal and leaves with 0', async () => {
    let closed = 0;
    const codes = stopWith(() => {
      closed += 1;
      return Promise.resolve();
    });
    process.emit('SIGTERM');
    await eventually(() => codes.length > 0 || undefined);
    expect({ closed, codes }).toEqual({ closed: 1, codes: [0] });
  });

  it('leaves with 1 where closing fails', async () => {
    const codes = stopWith(() => Promise.reject(new Error('no')));
    process.emit('SIGINT');
    await eventually(() => codes.length > 0 || undefined);
    expect(codes).toEqual([1]);
  });

  it('leaves at once on a second signal', () => {
    const codes = stopWith(() => new Promise(() => undefined));
    process.emit('SIGTERM');
    expect(codes).toEqual([]);
    process.emit('SIGINT');
    expect(codes).toEqual([130]);
  });
});
