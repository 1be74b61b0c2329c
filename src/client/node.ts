import { WebSocket as WsWebSocket } from 'ws';
import type { AnyEvent, EventShape } from '../domain/index.js';
import { connect as connectWith } from './remoteStore.js';
import type { ClientOptions, WebSocketConstructor } from './types.js';
import type { RemoteStore } from './wire/access.js';

export type { ClientOptions, WebSocketConstructor, WebSocketLike } from './types.js';

/** `connect` for Node.js, which has a WebSocket of its own from version 22 on only. */
export function connect<E extends EventShape = AnyEvent>(
  url: string | URL,
  options: ClientOptions = {},
): RemoteStore<E> {
  return connectWith<E>(url, { WebSocket: NodeWebSocket, ...options });
}

/** `ws` speaks as the standard's WebSocket does; only its types know more. */
const NodeWebSocket = WsWebSocket as unknown as WebSocketConstructor;
