import type { TObject, TSchema } from '@sinclair/typebox';
import type { ErrorCode } from '../../domain/index.js';
import type { Exchange } from './exchange.js';

export type PathParams = Readonly<Record<string, string | undefined>>;

interface ReplyHead {
  readonly status: number;
  /** Undefined where there is no body. */
  readonly contentType?: string;
  /** More headers, names and values in turn. */
  readonly headers?: readonly string[];
}

export interface WholeReply extends ReplyHead {
  readonly body: string | Uint8Array;
}

/** Sent chunk by chunk, as fast as the client reads. */
export interface ChunkedReply extends ReplyHead {
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** The answer to a request. Headers that all answers share are added when it is sent. */
export type Reply = ChunkedReply | WholeReply;

/** Which metrics a route moves. */
export type Purpose =
  | { readonly kind: 'ingest' }
  | { readonly kind: 'query'; readonly queryType: string }
  | { readonly kind: 'service' };

export interface BodyRule {
  /** Media types that are taken, without parameters. */
  readonly mediaTypes: readonly string[];
  readonly limit: 'batch' | 'event';
  /** A request without a body is taken, too. */
  readonly isOptional?: boolean;
}

/** What `/openapi.json` says of a route. */
interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly params?: TObject;
  readonly query?: TObject;
  /** Request bodies by media type. */
  readonly bodies?: Readonly<Record<string, TSchema>>;
  /** Of the answer where all went well; default 200. */
  readonly status?: 200 | 201 | 204;
  /** Of the same answer where nothing had to be made. */
  readonly unchangedStatus?: 200;
  /** Its bodies by media type. */
  readonly answers: Readonly<Record<string, TSchema>>;
  readonly errors: readonly ErrorCode[];
}

/** What carries a request to its answer. */
export interface Handler {
  /** Path in Express's notation; also the label in logs and metrics. */
  readonly pattern: string;
  readonly purpose: Purpose;
  /** Undefined where no body is taken. */
  readonly body?: BodyRule;
  /** True where it answers while the server stops. */
  readonly whileStopping?: boolean;
  readonly handle: (exchange: Exchange) => Reply | Promise<Reply>;
}

/** One method of one path: it parses, calls one function of the store, and answers. */
export interface Route extends Handler {
  readonly method: 'DELETE' | 'GET' | 'POST' | 'PUT';
  /** Other methods of its path are those of a pattern behind it. */
  readonly sharesPath?: boolean;
  readonly operation: Operation;
}
