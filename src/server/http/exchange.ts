import type { IncomingMessage, ServerResponse } from 'node:http';
import { tenantFor, trustedPrincipal } from '../../domain/index.js';
import type { Principal } from '../../domain/index.js';
import type { Access, Session } from '../auth/index.js';
import type { RateState } from '../limits/index.js';
import type { RouteMeter } from '../observe/index.js';
import type { Runtime } from '../runtime.js';
import { requestIdOf } from './requestId.js';
import type { Handler, PathParams } from './types.js';

const noBytes: Buffer = Buffer.alloc(0);

/** A route in an app: its counters are looked up once, not per request. */
export interface MountedRoute {
  readonly runtime: Runtime;
  readonly route: Handler;
  readonly meter: RouteMeter;
  readonly access: Access;
}

/** One request on its way to its answer. */
export class Exchange {
  readonly runtime: Runtime;
  readonly route: Handler;
  readonly meter: RouteMeter;
  readonly access: Access;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: PathParams;
  readonly requestId: string;
  readonly startedAtMs = performance.now();
  /** When the whole request was there. */
  readAtMs = this.startedAtMs;
  body: Buffer = noBytes;
  /** Bytes that this exchange holds in `runtime.bodyMemory`. */
  bodyBytesHeld = 0;
  /** The buffer of `runtime.bodyMemory` that the body lies in. */
  pooledBody: Buffer | undefined;
  /** Whoever the caller showed to be; undefined where nobody is asked. */
  session: Session | undefined;
  /** What is left for its tenant; undefined where there is no bound. */
  rate: RateState | undefined;
  /** Events or rows in the answer. */
  resultCount = 0;
  isStream = false;
  isFinished = false;
  #leaving: AbortController | undefined;

  constructor(
    mounted: MountedRoute,
    wire: { request: IncomingMessage; response: ServerResponse; params: PathParams },
  ) {
    this.runtime = mounted.runtime;
    this.route = mounted.route;
    this.meter = mounted.meter;
    this.access = mounted.access;
    this.request = wire.request;
    this.response = wire.response;
    this.params = wire.params;
    this.requestId = requestIdOf(wire.request);
  }

  get principal(): Principal {
    return this.session?.principal ?? trustedPrincipal;
  }

  /** The tenant that the request is about, where it names one or none; throws `forbidden`. */
  tenantOf(named: string | null | undefined): string {
    return tenantFor(this.principal, named);
  }

  /** From where it came. */
  get clientAddress(): string {
    return this.runtime.addresses.of(this.request);
  }

  /** The part of the URL behind `?`, not decoded. */
  get queryText(): string {
    return queryTextOf(this.request.url ?? '');
  }

  /** Aborts when the answer is complete or the client has left. */
  get signal(): AbortSignal {
    if (this.#leaving === undefined) {
      const leaving = new AbortController();
      this.#leaving = leaving;
      this.response.once('close', () => leaving.abort());
      if (this.response.destroyed) leaving.abort();
    }
    return this.#leaving.signal;
  }
}

/** What stands between `?` and the fragment, which no client should send. */
export function queryTextOf(url: string): string {
  const mark = url.indexOf('?');
  if (mark < 0) return '';
  const hash = url.indexOf('#');
  if (hash < 0) return url.slice(mark + 1);
  return hash < mark ? '' : url.slice(mark + 1, hash);
}
