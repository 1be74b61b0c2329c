/** An open connection that gets events until one side leaves. */
export interface LiveStream {
  /** Called at every ping; ends the stream where the peer is gone. */
  ping(): void;
  /** Ends it where the credentials of the client count no more. */
  recheck(): void;
  /** Ends it as a client expects, with a closing frame. */
  end(): void;
  /** Cuts the connection. */
  cut(): void;
}

/** What `/metrics` says of live streams. */
export interface StreamCounters {
  readonly webSocketsOpen: number;
  readonly webSocketsOpened: number;
  readonly messagesSent: number;
  readonly errors: number;
  readonly eventStreamsOpen: number;
}

/** All live streams of an app, with one timer for their pings. */
export class LiveStreams implements StreamCounters {
  webSocketsOpen = 0;
  webSocketsOpened = 0;
  messagesSent = 0;
  errors = 0;
  eventStreamsOpen = 0;
  readonly #pingMs: number;
  readonly #open = new Set<LiveStream>();
  #timer: NodeJS.Timeout | undefined;

  constructor(pingMs: number) {
    this.#pingMs = pingMs;
  }

  add(stream: LiveStream): void {
    this.#open.add(stream);
    this.#timer ??= setInterval(() => this.#pingAll(), this.#pingMs).unref();
  }

  delete(stream: LiveStream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Called where users, keys or tenants have changed; changes from elsewhere are seen at the next ping. */
  recheck(): void {
    for (const stream of this.#open) stream.recheck();
  }

  endAll(): void {
    for (const stream of this.#open) stream.end();
  }

  cutAll(): void {
    for (const stream of this.#open) stream.cut();
  }

  #pingAll(): void {
    this.recheck();
    for (const stream of this.#open) stream.ping();
  }
}
