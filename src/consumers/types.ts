import type { AllSourceError, NewEvent, StoredEvent } from '../domain/index.js';
import type { DeadLetter } from './log/deadLetters.js';
import type { ConsumerDefinition, ConsumerOptions } from './definition.js';
import type { MemberState } from './group/group.js';

/** Which tenant a consumer is of; default `default`. */
export interface OfTenant {
  readonly tenantId?: string | undefined;
}

/** The consumers of a store: durable subscriptions, whose members share the work. */
export interface Consumers {
  /**
   * Makes a consumer; one that is there already with the same options is given back. Throws
   * `consumer_exists` where it has others, `validation_error`, `invalid_query`.
   */
  create(options: ConsumerOptions): Promise<ConsumerInfo>;
  /** Of a tenant, by name. */
  list(options?: OfTenant): Promise<ConsumerInfo[]>;
  /** Throws `consumer_not_found`. */
  get(name: string, options?: OfTenant): Promise<Consumer>;
  /**
   * Goes on from another place, forwards or backwards; what is in flight is no longer awaited. Throws
   * `consumer_not_found`, `invalid_query`.
   */
  seek(
    name: string,
    to: NonNullable<ConsumerOptions['from']>,
    options?: OfTenant,
  ): Promise<ConsumerInfo>;
  /** Its cursors and dead letters are gone with it. Throws `consumer_not_found`. */
  delete(name: string, options?: OfTenant): Promise<void>;
}

/** The consumers of a store in this process. */
export interface EmbeddedConsumers extends Consumers {
  /** Of all tenants, by tenant and name. */
  all(): Promise<ConsumerInfo[]>;
  get(name: string, options?: OfTenant): Promise<EmbeddedConsumer>;
}

/** One consumer, for members that pull their events; see `EventStore.consumer` for handlers. */
export interface Consumer {
  info(): Promise<ConsumerInfo>;
  /** Events for a member, which joins by it; waits for some, and gives none where there are none. */
  pull(options: PullOptions): Promise<ConsumerDelivery[]>;
  /** The events are done; resolves once the replays of dead letters among them are recorded. */
  ack(member: string, positions: readonly number[]): Promise<AckResult>;
  /** The events failed: they are delivered again, or become dead letters. */
  nack(member: string, positions: readonly number[], failure: Refusal): Promise<AckResult>;
  /** What the member holds goes to others at once, as if it had not been delivered. */
  leave(member: string): Promise<void>;
  /** By position. */
  deadLetters(): Promise<readonly DeadLetter[]>;
  /**
   * Delivers dead letters again, all of them where no positions are given; tells how many. Throws
   * `dead_letter_not_found`.
   */
  replayDeadLetters(positions?: readonly number[]): Promise<number>;
}

/** A consumer of a store in this process. */
export interface EmbeddedConsumer extends Consumer {
  /**
   * The same as JSON texts, for servers. Not part of the stable API.
   * @internal
   */
  readonly wire: ConsumerWire;
}

/** @internal */
export interface ConsumerWire {
  /** Each delivery with its `attempt` and `event`; payloads are the bytes that were appended. */
  pull(options: PullOptions): Promise<string[]>;
  /** Events that are still in the log, by position. */
  textsOf(positions: readonly number[]): Promise<Map<number, string>>;
}

export interface PullOptions {
  readonly member: string;
  /** Events at most. */
  readonly limit: number;
  /** How long to wait where there is none. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** An event as a member gets it. */
export interface ConsumerDelivery {
  readonly event: StoredEvent;
  /** 1 for the first delivery. */
  readonly attempt: number;
}

export interface Refusal {
  /** For the dead letter, should it become one. */
  readonly reason: string;
  /** Before the next delivery; default 1 s, doubled with each attempt, 60 s at most. */
  readonly delayMs?: number | undefined;
}

export interface AckResult {
  readonly acknowledged: number;
  /** Positions that were not in flight with this member: their time was over, or it never had them. */
  readonly stale: readonly number[];
}

export interface ConsumerInfo extends Omit<ConsumerDefinition, 'key'> {
  /** Every matching event up to here is done. */
  readonly cursor: number;
  /** Positions between the cursor and the end of the log; not all of them need match. */
  readonly lag: number;
  readonly inFlight: number;
  readonly deadLetters: number;
  /** When a member got an event last, microseconds; null where none has since the store was opened. */
  readonly lastDeliveryAt: number | null;
  readonly members: readonly MemberState[];
  /** Since the store was opened: deliveries, those made again among them, and what was acknowledged. */
  readonly delivered: number;
  readonly redelivered: number;
  readonly acknowledged: number;
  /** Why it can't go on, until it is sought elsewhere; null where it can. */
  readonly failure: AllSourceError | null;
}

export interface HandlerContext {
  /** 1 for the first delivery. */
  readonly attempt: number;
  /**
   * Appends an event when the handler is done, in the frame that records that it is: it is there
   * exactly once, whatever crashes. What it expects (`expectedVersion`) is checked then; where it does
   * not hold, the handler is called again.
   */
  append(event: NewEvent): void;
  /** Aborted when the worker is to stop. */
  readonly signal: AbortSignal;
}

/** Called for one event after the other of an entity; different entities may run at the same time. */
export type ConsumerHandler = (event: StoredEvent, context: HandlerContext) => void | Promise<void>;

export interface HandlerOptions extends Omit<ConsumerOptions, 'name'> {
  /** Partitions, and so entities, that are handled at a time, 1-32, `maxInFlight` at most; default 32. */
  readonly concurrency?: number | undefined;
}

/** A member of a consumer in this process, which calls a handler. */
export interface ConsumerWorker {
  readonly name: string;
  /** Resolves when it has stopped; rejects with what it can't go on after. */
  readonly done: Promise<void>;
  /** Finishes the events under way. */
  stop(): Promise<void>;
}
