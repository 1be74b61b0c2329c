import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { listen } from '../../src/server/index.js';
import {
  type Target,
  append,
  appendLines,
  bodyOf,
  call,
  eventually,
  json,
  lines,
  openMemoryStore,
  silent,
  startListening,
} from './support.js';

interface Frame {
  readonly type: string;
  readonly member?: string;
  readonly code?: string;
  readonly stale?: number[];
  readonly deliveries?: {
    readonly attempt: number;
    readonly event: { readonly position: number };
  }[];
}

class Member {
  readonly frames: Frame[] = [];

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString('utf8')) as Frame);
    });
    socket.on('error', () => undefined);
  }

  static async join({ port }: Target, query = ''): Promise<Member> {
    const url = `ws://127.0.0.1:${port}/api/v1/consumers/c/events${query}`;
    const member = new Member(new WebSocket(url));
    onTestFinished(() => member.socket.terminate());
    await once(member.socket, 'open');
    await eventually(() => member.frames.length > 0 || undefined);
    return member;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  get positions(): number[] {
    const all = this.frames.flatMap(({ deliveries = [] }) => deliveries);
    return all.map(({ event }) => event.position);
  }
}

const range = (to: number): number[] => Array.from({ length: to }, (_, i) => i + 1);
const sorted = (numbers: number[]): number[] => [...numbers].sort((a, b) => a - b);

async function create(target: Target, options: object = {}): Promise<void> {
  const body = JSON.stringify({ name: 'c', ...options });
  const answer = await call(target, { path: '/api/v1/consumers', headers: json, body });
  expect(answer.status).toBe(201);
}

const state = async (target: Target) => bodyOf(await call(target, { path: '/api/v1/consumers/c' }));

describe('a member on a WebSocket', () => {
  it('is pushed as many events as it gives credit for, and acknowledges them', async () => {
    const target = await startListening();
    await appendLines(target, lines(100));
    await create(target);
    const member = await Member.join(target, '?member=m');
    expect(member.frames).toEqual([{ type: 'joined', member: 'm' }]);
    member.send({ type: 'credit', events: 30 });
    await eventually(() => member.positions.length === 30 || undefined);
    member.send({ type: 'ack', positions: member.positions });
    await eventually(() => member.frames.at(-1)?.type === 'acknowledged' || undefined);
    expect(member.frames.at(-1)).toEqual({ type: 'acknowledged', acknowledged: 30, stale: [] });
    expect(member.positions.length).toBe(30);
    member.send({ type: 'credit', events: 1000 });
    await eventually(() => member.positions.length === 100 || undefined);
    expect(sorted(member.positions)).toEqual(range(100));
    await append(target);
    await eventually(() => member.positions.length === 101 || undefined);
    expect(await state(target)).toMatchObject({ in_flight: 71, members: [{ member: 'm' }] });
  });

  it('may refuse, and gets it again', async () => {
    const target = await startListening();
    await append(target);
    await create(target);
    const member = await Member.join(target);
    member.send({ type: 'credit', events: 10 });
    await eventually(() => member.positions.length === 1 || undefined);
    member.send({ type: 'nack', positions: [1], reason: 'later', delay_seconds: 0.01 });
    await eventually(() => member.positions.length === 2 || undefined);
    const [again] = member.frames.at(-1)?.deliveries ?? [];
    expect(again).toMatchObject({ attempt: 2, event: { position: 1 } });
  });

  it('leaves with its connection: what it held goes to the others at once', async () => {
    const target = await startListening();
    await appendLines(target, lines(20));
    await create(target, { ack_timeout_seconds: 600 });
    const first = await Member.join(target);
    first.send({ type: 'credit', events: 100 });
    await eventually(() => first.positions.length === 20 || undefined);
    const second = await Member.join(target);
    second.send({ type: 'credit', events: 100 });
    first.socket.terminate();
    await eventually(() => second.positions.length === 20 || undefined);
    expect(sorted(second.positions)).toEqual(range(20));
    expect(second.frames.flatMap(({ deliveries = [] }) => deliveries)).toMatchObject(
      range(20).map(() => ({ attempt: 1 })),
    );
  });

  it.each([
    ['{', 'invalid_json'],
    ['{"type":"take"}', 'validation_error'],
    ['{"type":"credit"}', 'validation_error'],
    ['{"type":"ack","positions":[]}', 'validation_error'],
    ['{"type":"ack","positions":[1],"more":1}', 'validation_error'],
    ['{"type":"nack","positions":[1],"delay_seconds":-1}', 'validation_error'],
  ])('is told what is wrong with %s, and stays', async (frame, code) => {
    const target = await startListening();
    await create(target);
    const member = await Member.join(target);
    member.send(frame);
    await eventually(() => member.frames.length === 2 || undefined);
    expect(member.frames[1]).toMatchObject({ type: 'error', code });
    member.send({ type: 'ack', positions: [9] });
    await eventually(() => member.frames.length === 3 || undefined);
    expect(member.frames[2]).toEqual({ type: 'acknowledged', acknowledged: 0, stale: [9] });
  });

  it.each([
    ['/api/v1/consumers/d/events', 404],
    ['/api/v1/consumers/c/events?member=', 400],
    ['/api/v1/consumers/c/events?limit=1', 400],
    ['/api/v1/consumers/c', 404],
  ])('%s is refused', async (path, status) => {
    const target = await startListening();
    await create(target);
    const socket = new WebSocket(`ws://127.0.0.1:${target.port}${path}`);
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [
      unknown,
      import('node:http').IncomingMessage,
    ];
    expect(response.statusCode).toBe(status);
    response.resume();
  });

  it('is told when its consumer is deleted, and when the server closes', async () => {
    const store = await openMemoryStore();
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    const target = { store, port: server.port };
    await create(target);
    const deleted = await Member.join(target);
    deleted.send({ type: 'credit', events: 1 });
    const gone = once(deleted.socket, 'close');
    await store.consumers.delete('c');
    expect((await gone)[0]).toBe(1011);
    expect(deleted.frames.at(-1)).toMatchObject({ type: 'error', code: 'consumer_not_found' });
    await create(target);
    const last = await Member.join(target);
    const closed = once(last.socket, 'close');
    await server.close();
    expect((await closed)[0]).toBe(1001);
  });
});
