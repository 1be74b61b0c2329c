import type { ServerProcess } from './serverProcess.js';

/** Milliseconds, and how often the server had been killed: what was told before a kill may be forgotten. */
export interface Moment {
  readonly at: number;
  readonly kills: number;
}

export interface Delivered {
  readonly position: number;
  readonly partition: number;
  readonly attempt: number;
}

/** What a consumer and its members told each other, as the members saw it. */
export type Step =
  | {
      readonly kind: 'delivered';
      readonly member: string;
      readonly asked: Moment;
      readonly told: Moment;
      readonly deliveries: readonly Delivered[];
    }
  | {
      readonly kind: 'acked';
      readonly member: string;
      readonly asked: Moment;
      readonly told: Moment;
      readonly positions: readonly number[];
    }
  | {
      readonly kind: 'handled' | 'began';
      readonly member: string;
      readonly told: Moment;
      readonly position: number;
    }
  | {
      /** Asked for, whatever the answer was. */
      readonly kind: 'acking' | 'nacking';
      readonly member: string;
      readonly told: Moment;
      readonly positions: readonly number[];
    }
  | { readonly kind: 'leaving'; readonly member: string; readonly told: Moment }
  | {
      readonly kind: 'replaying';
      readonly told: Moment;
      readonly positions: readonly number[];
    }
  | {
      readonly kind: 'letters';
      readonly asked: Moment;
      readonly told: Moment;
      readonly letters: readonly { readonly position: number; readonly isReplayed: boolean }[];
    }
  | {
      readonly kind: 'members';
      readonly told: Moment;
      readonly members: readonly {
        readonly member: string;
        readonly partitions: readonly number[];
      }[];
    };

export type StepOf<Kind extends Step['kind']> = Step extends infer Each
  ? Each extends Step
    ? Kind extends Each['kind']
      ? Each
      : never
    : never
  : never;

interface AckAnswer {
  readonly stale: readonly number[];
}

interface PullAnswer {
  readonly deliveries: readonly {
    readonly attempt: number;
    readonly event: { readonly position: number; readonly partition: number };
  }[];
}

/** The steps of one history in the order in which they were told. */
export class Trace {
  readonly steps: Step[] = [];
  readonly #server: ServerProcess;

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  now(): Moment {
    return { at: performance.now(), kills: this.#server.kills };
  }

  add(step: Step): void {
    this.steps.push(step);
  }

  of<Kind extends Step['kind']>(kind: Kind): StepOf<Kind>[] {
    return this.steps.filter((step): step is StepOf<Kind> => step.kind === kind);
  }
}

/** The `fetch` of a member's client: it writes down what goes over the wire, until the member vanishes. */
export class MemberWire {
  readonly #trace: Trace;
  readonly #gone = new AbortController();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** Nothing of it reaches the server any more, and nothing it. */
  vanish(): void {
    this.#gone.abort();
  }

  readonly fetch: typeof fetch = async (input, init) => {
    // The client calls it with the text of a URL and with options.
    const url = new URL(input as string);
    const asked = this.#trace.now();
    this.#asking(url, init, asked);
    const signal = AbortSignal.any([this.#gone.signal, ...(init?.signal ? [init.signal] : [])]);
    const response = await fetch(input, { ...init, signal });
    const { status, headers } = response;
    const text = await response.text();
    if (this.#gone.signal.aborted) throw new TypeError('the member has vanished');
    if (response.ok) this.#told(url, { text, init, asked });
    return new Response(status === 204 ? null : text, { status, headers });
  };

  #asking(url: URL, init: RequestInit | undefined, told: Moment): void {
    const what = url.pathname.split('/').at(-1);
    if (what === 'ack' || what === 'nack') {
      const { member, positions } = requestOf(init);
      const kind = what === 'ack' ? 'acking' : 'nacking';
      this.#trace.add({ kind, member, told, positions });
    } else if (init?.method === 'DELETE') {
      this.#trace.add({ kind: 'leaving', member: decodeURIComponent(what ?? ''), told });
    }
  }

  #told(
    url: URL,
    { text, init, asked }: { text: string; init: RequestInit | undefined; asked: Moment },
  ): void {
    const told = this.#trace.now();
    if (url.pathname.endsWith('/ack')) {
      const { member, positions } = requestOf(init);
      const { stale } = JSON.parse(text) as AckAnswer;
      const done = positions.filter((position) => !stale.includes(position));
      if (done.length > 0) this.#trace.add({ kind: 'acked', member, asked, told, positions: done });
    } else if (url.pathname.startsWith('/api/v1/consumers/') && url.pathname.endsWith('/events')) {
      const member = url.searchParams.get('member') ?? '';
      const { deliveries } = JSON.parse(text) as PullAnswer;
      if (deliveries.length === 0) return;
      const told_ = deliveries.map(({ attempt, event: { position, partition } }) => {
        return { attempt, position, partition };
      });
      this.#trace.add({ kind: 'delivered', member, asked, told, deliveries: told_ });
    }
  }
}

function requestOf(init: RequestInit | undefined) {
  // The client sends JSON as text.
  return JSON.parse(init?.body as string) as { member: string; positions: number[] };
}
