import type { AnyEvent, EventShape, JsonObject, JsonValue } from '../domain/index.js';
import type { Projection } from '../projections/index.js';
import type { PipelineStatistics } from '../pipelines/index.js';

/** What an event may be given besides type and payload. */
export interface GivenEnvelope {
  /**
   * When it was appended: RFC 3339 text, or microseconds. Default a second after the one before, the
   * first at 2026-01-01T00:00:00Z.
   */
  readonly at?: number | string | undefined;
  readonly metadata?: JsonObject | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  readonly tenantId?: string | undefined;
}

/** An event that is in the log before anything is tested. */
export type GivenEvent<E extends EventShape = AnyEvent> = E &
  GivenEnvelope & { readonly entityId: string };

/** The same before a command: of the entity that the command is to, unless another one is named. */
export type DeciderEvent<E extends EventShape = AnyEvent> = E &
  GivenEnvelope & { readonly entityId?: string | undefined };

/** An event as it should be; metadata and tags count where they are named. */
export type ExpectedEvent<E extends EventShape = AnyEvent> = E & {
  readonly metadata?: JsonObject | null | undefined;
  readonly tags?: readonly string[] | undefined;
};

/** An error as it should be: of a class, with a message, or with such members. */
export type ExpectedError =
  | RegExp
  // Constructors of errors take what they like.
  | (abstract new (...args: never[]) => Error)
  | Readonly<Record<string, unknown>>;

export interface WhenOptions {
  /** When the command comes; default a second after the last event. */
  readonly at?: number | string | undefined;
  /** Which entity it is to; default one of the decider's type. */
  readonly entityId?: string | undefined;
  readonly commandId?: string | undefined;
}

export interface ThroughOptions {
  /**
   * The clock goes on to this time when all events are processed, so that panes of the store's time
   * close: RFC 3339 text, or microseconds. Default the time of the last event.
   */
  readonly until?: number | string | undefined;
  /** Projections that the pipeline enriches from; they know all given events beforehand. */
  readonly projections?: readonly Projection[] | undefined;
}

/** A result as it should be; what is left out does not count. */
export interface ExpectedEmission {
  /** Of one that went to a topic. */
  readonly topic?: string | undefined;
  readonly value?: JsonValue | undefined;
  /** Of one that became an event. */
  readonly eventType?: string | undefined;
  readonly entityId?: string | undefined;
  readonly payload?: JsonValue | undefined;
  /** The time of the event, or the end of the pane: RFC 3339 text, or microseconds. */
  readonly at?: number | string | undefined;
}

export type ExpectedCounts = Partial<Omit<PipelineStatistics, 'position'>>;
