import type { Logger } from 'pino';
import { AllSourceError, batchBytesMax, eventBytesMax } from '../domain/index.js';
import { type AuthOptions, type AuthSettings, resolveAuthOptions } from './auth/index.js';
import { createLogger } from './observe/index.js';

const mebibyte = 1024 * 1024;

/** What an app does with requests, whoever listens. */
export interface AppOptions {
  /**
   * How callers say who they are; false: everybody who reaches the server is an administrator. Default
   * of `createApp` `{}`, of `listen` false on a loopback address and `{}` on any other.
   */
  readonly auth?: AuthOptions | false | undefined;
  /**
   * Addresses and ranges of proxies whose `X-Forwarded-For` says where a request came from; default none,
   * so that nobody can say it of themselves.
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Default: warnings, errors and refused requests as JSON lines on stderr. */
  readonly logger?: Logger | undefined;
  /** Bytes of the body of `POST /api/v1/events`; default 2 MiB. */
  readonly eventBodyBytesMax?: number | undefined;
  /** Bytes of the body of `POST /api/v1/events/batch`; default 64 MiB. */
  readonly batchBodyBytesMax?: number | undefined;
  /** Bytes of all bodies held at a time, then 503 `overloaded`; default 256 MiB. */
  readonly bodiesBytesMax?: number | undefined;
  /** Requests that take longer are logged as warnings; default 1 000 ms. */
  readonly slowRequestMs?: number | undefined;
  /** Adds the `process_` and `nodejs_` metrics to `/metrics`; default true. */
  readonly processMetrics?: boolean | undefined;
  /** Time between two pings of a live stream; default 30 000 ms. */
  readonly streamPingMs?: number | undefined;
  /**
   * Lets webhooks go to loopback, link-local and private addresses; default false. The same for all
   * servers of a store.
   */
  readonly allowPrivateWebhooks?: boolean | undefined;
  /** Unsent bytes at which a live stream waits for its reader; default 1 MiB. */
  readonly streamBufferBytesMax?: number | undefined;
}

/** What `listen` adds: the socket and its bounds. */
export interface ListenOptions extends AppOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default 3900; 0 takes a free port. */
  readonly port?: number | undefined;
  /**
   * Serves everybody who can reach the address, without authentication; default false. Needed for
   * `auth: false` on another than a loopback address.
   */
  readonly insecureNoAuth?: boolean | undefined;
  /** Time for the head of a request to arrive; default 10 000 ms. */
  readonly headersTimeoutMs?: number | undefined;
  /** Time for a whole request to arrive; default 30 000 ms. */
  readonly requestTimeoutMs?: number | undefined;
  /** Time that an idle connection is kept; default 5 000 ms. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** Connections at a time; more are refused; default 10 000. */
  readonly connectionsMax?: number | undefined;
  /** Time that `/ready` says no before `close` stops taking requests; default 0 ms. */
  readonly drainDelayMs?: number | undefined;
  /** Time that `close` waits for requests under way; default 10 000 ms. */
  readonly closeDeadlineMs?: number | undefined;
}

export type AppSettings = Resolved<Omit<AppOptions, 'auth'>> & {
  /** Undefined where nobody is asked. */
  readonly auth: AuthSettings | undefined;
};
export type ListenSettings = Resolved<Omit<ListenOptions, keyof AppOptions>>;

type Resolved<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** Throws `invalid_configuration` where a number is not a whole number in its range. */
export function resolveAppOptions(options: AppOptions): AppSettings {
  const settings = {
    eventBodyBytesMax: options.eventBodyBytesMax ?? eventBytesMax,
    batchBodyBytesMax: options.batchBodyBytesMax ?? batchBytesMax,
    bodiesBytesMax: options.bodiesBytesMax ?? 256 * mebibyte,
    slowRequestMs: options.slowRequestMs ?? 1_000,
    streamPingMs: options.streamPingMs ?? 30_000,
    streamBufferBytesMax: options.streamBufferBytesMax ?? mebibyte,
  };
  checkNumbers(settings, 1);
  return {
    ...settings,
    logger: options.logger ?? createLogger(),
    processMetrics: options.processMetrics ?? true,
    allowPrivateWebhooks: options.allowPrivateWebhooks ?? false,
    trustedProxies: options.trustedProxies ?? [],
    auth: options.auth === false ? undefined : resolveAuthOptions(options.auth ?? {}),
  };
}

/** Throws `invalid_configuration` where a number is not a whole number in its range. */
export function resolveListenOptions(options: ListenOptions): ListenSettings {
  const positive = {
    headersTimeoutMs: options.headersTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 5_000,
    connectionsMax: options.connectionsMax ?? 10_000,
    closeDeadlineMs: options.closeDeadlineMs ?? 10_000,
  };
  const fromZero = { port: options.port ?? 3900, drainDelayMs: options.drainDelayMs ?? 0 };
  checkNumbers(positive, 1);
  checkNumbers(fromZero, 0);
  return {
    ...positive,
    ...fromZero,
    host: options.host ?? '127.0.0.1',
    insecureNoAuth: options.insecureNoAuth ?? false,
  };
}

const settingMax = 2 ** 31 - 1;

function checkNumbers(settings: Readonly<Record<string, number>>, minimum: number): void {
  for (const [name, value] of Object.entries(settings)) {
    if (Number.isSafeInteger(value) && value >= minimum && value <= settingMax) continue;
    throw new AllSourceError(
      'invalid_configuration',
      `${name}: expected a whole number from ${minimum} to ${settingMax}, got ${value}`,
    );
  }
}
