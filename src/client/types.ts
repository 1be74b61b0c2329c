/** The part of the standard's WebSocket that the client uses. */
export interface WebSocketLike {
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;

export interface ClientOptions {
  /** Credentials: a token or an API key. */
  readonly token?: string | undefined;
  /**
   * How long a call that does no harm twice is tried again where the server can't be reached or is
   * overloaded, in milliseconds; default 30 000, 0 = never. Appends of objects are among them.
   */
  readonly retryForMs?: number | undefined;
  /** Time for one answer, in milliseconds; default 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Default the global one. */
  readonly fetch?: typeof fetch | undefined;
  /** Default the global one, and `ws` in Node.js. */
  readonly WebSocket?: WebSocketConstructor | undefined;
}
