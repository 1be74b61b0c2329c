import { type IncomingHttpHeaders, type Server, createServer, request } from 'node:http';
import { once } from 'node:events';
import { tableFromIPC } from 'apache-arrow';
import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import { type EmbeddedStore, openEventStore } from '../../src/store/index.js';
import { type ListenOptions, createApp, listen } from '../../src/server/index.js';

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly text: string;
}

/** One request that both servers must answer alike. Cases run in order on one store. */
export interface HttpCase extends Call {
  readonly name: string;
  readonly status: number;
  readonly code?: string;
  readonly check?: (answer: Answer) => void;
}

export interface Target {
  readonly store: EmbeddedStore;
  readonly port: number;
}

export const silent = pino({ level: 'silent' });
export const json = { 'content-type': 'application/json' };
export const ndjson = { 'content-type': 'application/x-ndjson' };
export const arrowType = 'application/vnd.apache.arrow.stream';

export async function openMemoryStore(): Promise<EmbeddedStore> {
  const store = await openEventStore({ memory: true, snapshots: { automatic: false } });
  onTestFinished(() => store.close());
  return store;
}

/** A server of `listen`, with its dispatcher. */
export async function startListening(options: ListenOptions = {}): Promise<Target> {
  const store = await openMemoryStore();
  const server = await listen(store, {
    port: 0,
    logger: silent,
    processMetrics: false,
    ...options,
  });
  onTestFinished(() => server.close());
  return { store, port: server.port };
}

/** The bare Express app on a `node:http` server. */
export async function startExpress(options: ListenOptions = {}): Promise<Target> {
  const store = await openMemoryStore();
  const app = createApp(store, { auth: false, logger: silent, processMetrics: false, ...options });
  // As `listen` sets it: the routes refuse a missing Host themselves.
  const server = createServer({ requireHostHeader: false }, app);
  onTestFinished(() => stopServer(server));
  return { store, port: await bindServer(server) };
}

export async function bindServer(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** One request on a connection of its own. */
export function call({ port }: { readonly port: number }, sent: Call): Promise<Answer> {
  const { method = sent.body === undefined ? 'GET' : 'POST', path, headers = {}, body } = sent;
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { headers: received, rawHeaders, statusCode: status = 0 } = response;
        const text = textOf(Buffer.concat(chunks), received['content-type']);
        resolve({ status, headers: received, rawHeaders, text });
      });
    });
    outgoing.end(body);
  });
}

/** A body as text: of an Arrow stream its rows, a line each. */
function textOf(body: Buffer, type: string | undefined): string {
  if (type !== arrowType || body.length === 0) return body.toString('utf8');
  const rows = tableFromIPC(body).toArray() as object[];
  return rows
    .map((row) => JSON.stringify(row, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)))
    .join('\n');
}

/** The body of an answer; tests look into it with matchers. */
export function bodyOf(answer: Answer): Record<string, unknown> {
  const value: unknown = JSON.parse(answer.text);
  expect(value).toBeTypeOf('object');
  return value as Record<string, unknown>;
}

export function newEvent(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    event_type: 'order.placed',
    entity_id: 'order-1',
    payload: {},
    ...fields,
  });
}

export function append(target: Target, fields: Readonly<Record<string, unknown>> = {}) {
  return call(target, { path: '/api/v1/events', headers: json, body: newEvent(fields) });
}

/** Lines of `count` events of one entity, numbered in the payload from `first`. */
export function lines(count: number, { entity = 'order-1', first = 0, filler = '' } = {}): string {
  const line = (_: unknown, i: number) =>
    newEvent({ entity_id: entity, payload: { n: first + i, filler } });
  return Array.from({ length: count }, line).join('\n');
}

export async function appendLines(target: Target, body: string): Promise<void> {
  const path = '/api/v1/events/batch?return=summary';
  const answer = await call(target, { path, headers: ndjson, body });
  expect(answer.status, answer.text).toBe(200);
}

/** Waits until `read` gives something; fails after five seconds. */
export async function eventually<T>(
  read: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error('what the test waits for did not happen');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Counts the bytes that followers of a store get from now on. */
export function countReadBytes({ wire }: EmbeddedStore): () => number {
  const follow = wire.follow;
  let bytes = 0;
  const counted: typeof follow = (options, form) => {
    const follower = follow(options, form);
    const next = follower.next.bind(follower);
    follower.next = async (eventsMax) => {
      const delivery = await next(eventsMax);
      bytes += delivery?.chunk?.bytes.length ?? 0;
      return delivery;
    };
    return follower;
  };
  Object.defineProperty(wire, 'follow', { value: counted });
  return () => bytes;
}

/** More than the sockets of a connection hold, less than the logs of the tests of slow readers. */
export const socketBytesMax = 16 * 1024 * 1024;
