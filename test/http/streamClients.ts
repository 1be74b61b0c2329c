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
  readonly mark?: string | null;
  readonly events?: readonly { readonly position: number }[];
}

/** What is said of the stream itself, kept apart from what it delivers. */
const markNames = new Set(['caught_up', 'fell_behind', 'checkpoint']);

const path = '/api/v1/events/stream';

export class WebSocketClient {
  readonly frames: Frame[] = [];
  readonly marks: Frame[] = [];
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      // Servers of this package send text frames, which `ws` gives as one Buffer.
      const frame = JSON.parse((data as Buffer).toString('utf8')) as Frame;
      (markNames.has(frame.type ?? '') ? this.marks : this.frames).push(frame);
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
    const inEvents = this.frames.map(({ event, position }) => event?.position ?? position);
    return inEvents.filter(Boolean);
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
  readonly marks: SseEvent[] = [];
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
      const event = Object.fromEntries(fields) as SseEvent;
      (markNames.has(event.event ?? '') ? this.marks : this.events).push(event);
    }
  }
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
