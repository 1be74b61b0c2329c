import { connect } from 'node:net';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import express from 'express';
import { createServer } from 'node:http';
import { AllSourceError, type ErrorCode, errorTable } from '../../src/domain/index.js';
import { createApp, listen } from '../../src/server/index.js';
import {
  append,
  appendLines,
  bindServer,
  bodyOf,
  call,
  json,
  lines,
  newEvent,
  openMemoryStore,
  silent,
  startListening,
} from './support.js';

/** What the server answers to bytes as they are. */
async function sendRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

describe('a server', () => {
  it('refuses an address beyond loopback without authentication', async () => {
    const store = await openMemoryStore();
    const options = { host: '0.0.0.0', port: 0, logger: silent };
    const refused = listen(store, { ...options, auth: false });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_configuration' });
    const both = listen(store, { ...options, auth: {}, insecureNoAuth: true });
    await expect(both).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  it('asks callers of an address beyond loopback who they are', async () => {
    const auth = { adminPassword: 'twelve characters' };
    const target = await startListening({ host: '0.0.0.0', auth });
    const answer = await call(target, { path: '/api/v1/stats', headers: { host: 'any.example' } });
    expect(answer.status).toBe(401);
  });

  it('serves every address and name where it is told to, and warns', async () => {
    const written: string[] = [];
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        written.push(String(chunk));
        done();
      },
    });
    const host = '0.0.0.0';
    const target = await startListening({ host, insecureNoAuth: true, logger: pino(output) });
    const answer = await call(target, { path: '/health', headers: { host: 'store.example' } });
    expect(answer.status).toBe(200);
    expect(written.join('')).toContain('no authentication');
  });

  it('refuses names that are not loopback: a page whose name was re-pointed here', async () => {
    const target = await startListening();
    for (const host of ['evil.example:3900', 'localhost.evil.example', '10.0.0.1']) {
      const answer = await call(target, { path: '/api/v1/events/query', headers: { host } });
      expect(answer.status, host).toBe(403);
      expect(bodyOf(answer)['code']).toBe('forbidden');
    }
    for (const host of ['localhost:1', '127.0.0.2', '[::1]:3900', 'store.localhost']) {
      expect((await call(target, { path: '/health', headers: { host } })).status, host).toBe(200);
    }
  });

  it('says that the port is taken', async () => {
    const { port } = await startListening();
    await expect(startListening({ port })).rejects.toMatchObject({
      code: 'invalid_configuration',
      cause: { code: 'EADDRINUSE' },
    });
  });

  it('answers broken HTTP as JSON', async () => {
    const { port } = await startListening();
    const broken = await sendRaw(port, 'NOT HTTP\r\n\r\n');
    expect(broken).toMatch(/^HTTP\/1\.1 400 /);
    expect(broken).toContain('"code":"validation_error"');
    const long = await sendRaw(port, `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(long).toMatch(/^HTTP\/1\.1 431 /);
    expect(long).toContain('"code":"headers_too_large"');
    const nameless = await sendRaw(port, 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n');
    expect(nameless).toMatch(/^HTTP\/1\.1 400 /);
    expect(nameless).toContain('"request_id":"');
  });

  it('gives up on a request that does not arrive', async () => {
    const { port } = await startListening({ headersTimeoutMs: 50, requestTimeoutMs: 100 });
    const head = await sendRaw(port, 'GET /health HTTP/1.1\r\nhost: lo');
    expect(head).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
    const body = await sendRaw(
      port,
      'POST /api/v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        'content-length: 100\r\n\r\n{',
    );
    expect(body).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
  });

  it('answers both of two requests that come at once', async () => {
    const { port } = await startListening();
    const request = 'GET /health HTTP/1.1\r\nhost: localhost\r\n';
    const answers = await sendRaw(port, `${request}\r\n${request}connection: close\r\n\r\n`);
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });

  it('uses a connection again after a refused body', async () => {
    const { port } = await startListening({ eventBodyBytesMax: 10 });
    const body = newEvent();
    const type = 'host: localhost\r\ncontent-type: application/json';
    const head = `${type}\r\ncontent-length: ${body.length}`;
    const answers = await sendRaw(
      port,
      `POST /api/v1/events HTTP/1.1\r\n${head}\r\n\r\n${body}` +
        'GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    );
    expect(answers).toMatch(/^HTTP\/1\.1 413 [^]*HTTP\/1\.1 200 /);
  });

  it('runs inside an app of yours, in front of its parsers', async () => {
    const store = await openMemoryStore();
    const app = express();
    app.use('/store', createApp(store, { auth: false, logger: silent, processMetrics: false }));
    app.use(
      express.json(),
      createApp(store, { auth: false, logger: silent, processMetrics: false }),
    );
    const server = createServer(app);
    onTestFinished(() => void server.close());
    const target = { port: await bindServer(server) };
    const sent = { headers: json, body: newEvent() };
    expect((await call(target, { ...sent, path: '/store/api/v1/events' })).status).toBe(200);
    const behind = await call(target, { ...sent, path: '/api/v1/events' });
    expect(bodyOf(behind)).toMatchObject({ code: 'internal_error' });
  });

  it('logs refused requests without what was in them', async () => {
    const written: string[] = [];
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        written.push(String(chunk));
        done();
      },
    });
    const target = await startListening({ logger: pino({ level: 'debug' }, output) });
    await append(target, { payload: 'secret-1', expected_version: 4 });
    await call(target, { path: '/api/v1/events/query?entity_id=secret-2' });
    await call(target, { path: '/api/v1/entities/secret-3/state' });
    await call(target, {
      path: '/api/v1/events/stream?access_token=secret-4',
      headers: { accept: 'text/plain' },
    });
    const records = written.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records).toMatchObject([
      { level: 30, method: 'POST', route: '/api/v1/events', status: 409, code: 'version_conflict' },
      { level: 20, route: '/api/v1/events/query', status: 200 },
      { level: 30, route: '/api/v1/entities/:entity_id/state', status: 404 },
      { level: 30, route: '/api/v1/events/stream', status: 422 },
    ]);
    for (const record of records) {
      expect(record['request_id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(record['duration_ms']).toBeTypeOf('number');
    }
    expect(written.join('')).not.toContain('secret');
  });

  it('tells clients nothing of a defect, and the log everything', async () => {
    const written: string[] = [];
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        written.push(String(chunk));
        done();
      },
    });
    const target = await startListening({ logger: pino(output) });
    const failing = { stats: () => Promise.reject(new Error('cannot read /var/secret')) };
    Object.defineProperty(target.store, 'wire', { value: failing });
    const answer = await call(target, { path: '/api/v1/stats' });
    expect(answer.status).toBe(500);
    expect(bodyOf(answer)['code']).toBe('internal_error');
    expect(answer.text).not.toContain('secret');
    expect(written.join('')).toContain('cannot read /var/secret');
  });

  it('answers every error of the store with its status and code', async () => {
    const target = await startListening();
    let code: ErrorCode = 'internal_error';
    const failing = { append: () => Promise.reject(new AllSourceError(code, 'told')) };
    Object.defineProperty(target.store, 'wire', { value: failing });
    const ofThisMachine = ['store_locked', 'invalid_configuration', 'addon_load_failed'];
    const told = (given: string): string => {
      if (ofThisMachine.includes(given)) return 'internal_error';
      return given === 'store_closed' ? 'shutting_down' : given;
    };
    // The loop over names of the table keeps their type.
    for (code of Object.keys(errorTable).filter((name) => name !== 'aborted') as ErrorCode[]) {
      const answer = await append(target);
      expect(bodyOf(answer)['code'], code).toBe(told(code));
      expect(answer.status, code).toBe(errorTable[told(code) as ErrorCode].status);
      const isTransient = ['overloaded', 'shutting_down'].includes(told(code));
      expect(answer.headers['retry-after'], code).toBe(isTransient ? '1' : undefined);
    }
    code = 'aborted';
    await expect(append(target)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('answers that the store is closing after it was closed', async () => {
    const target = await startListening();
    await appendLines(target, lines(1));
    await target.store.close();
    const answer = await append(target);
    expect(answer.status).toBe(503);
    expect(bodyOf(answer)['code']).toBe('shutting_down');
  });
});
