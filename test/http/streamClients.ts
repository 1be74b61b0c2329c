import { type IncomingMessage, get } from 'node:http';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type Target, eventually } from './support.js';

export interface Frame {
  readonly type?: string;
  readonly watermark?: number;
  readonly code?: string;
  readonly position?: number;
  readonly entity_id?: string;
  readonly event?: { readonly position: number; readonly entity_id: string };
}

const path = '/api/v1/events/stream';

export class WebSocketClient {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      // Servers of this package send text frames, which `ws` gives as one Buffer.
      this.frames.push(JSON.parse((data as Buffer).toString('utf8')) as Frame);
    });
    socket.on('error', () => undefined);
  }

  static async open({ port }: Target, query = ''): Promise<WebSocketClient> {
    const client = new WebSocketClient(new WebSocket(`ws://127.0.0.1:${port}${path}${query}`));
    onTestFinished(() => client.socket.terminate());
    await once(client.socket, 'open');
    return client;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  received(count: number): Promise<true> {
    return eventually(() => this.frames.length >= count || undefined);
  }

  positions(): (number | undefined)[] {
    return this.frames.map(({ event, position }) => event?.position ?? position).filter(Boolean);
  }
}

export interface SseEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

export class SseClient {
  readonly response: IncomingMessage;
  readonly events: SseEvent[] = [];
  comments = 0;
  #rest = '';

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#take(chunk));
    response.on('error', () => undefined);
  }

  static async open(
    { port }: Target,
    { query = '', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
  ): Promise<SseClient> {
    const accept = 'text/event-stream';
    const outgoing = get({
      port,
      path: path + query,
      headers: { accept, ...headers },
      agent: false,
    });
    onTestFinished(() => void outgoing.destroy());
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return new SseClient(response);
  }

  received(count: number): Promise<true> {
    return eventually(() => this.events.length >= count || undefined);
  }

  #take(chunk: string): void {
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':')) {
        this.comments += 1;
        continue;
      }
      const fields = block.split('\n').map((line) => {
        const colon = line.indexOf(': ');
        return [line.slice(0, colon), line.slice(colon + 2)];
      });
      this.events.push(Object.fromEntries(fields) as SseEvent);
    }
  }
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
