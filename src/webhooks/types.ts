import type { ConsumerInfo, ConsumerOptions, DeadLetter, OfTenant } from '../consumers/index.js';

/** What a webhook is made with. */
export interface WebhookOptions extends Pick<
  ConsumerOptions,
  'name' | 'tenantId' | 'filter' | 'from' | 'maxAttempts'
> {
  /** Where events are posted to: http or https. */
  readonly url: string;
  /** `whsec_` and base64 of 24-64 bytes; default one that is made, and told once. */
  readonly secret?: string | undefined;
  /** Time for an answer, 100-60 000; default 10 000. */
  readonly timeoutMs?: number | undefined;
  /** Attempts in a row that may fail before the webhook is paused, 1-1 000; default 20. */
  readonly pauseAfter?: number | undefined;
}

export interface WebhookInfo {
  readonly name: string;
  readonly tenantId: string;
  /** Whose results it posts; null for one that posts events. */
  readonly pipelineId: string | null;
  readonly url: string;
  readonly filter: ConsumerInfo['filter'];
  readonly maxAttempts: number;
  readonly timeoutMs: number;
  readonly pauseAfter: number;
  readonly status: 'active' | 'paused';
  /** Why it was paused; null where it is not. */
  readonly pauseReason: string | null;
  /** Every matching event up to here was taken by the receiver, or is a dead letter. */
  readonly cursor: number;
  /** Positions between the cursor and the end of the log. */
  readonly lag: number;
  readonly deadLetters: number;
  /** Attempts in a row that failed, up to now. */
  readonly failures: number;
  /**
   * Posts since the store was opened: those that the receiver took, those that it answered otherwise, and
   * those without an answer. What was cut off when posting was to end is not among them.
   */
  readonly taken: number;
  readonly refused: number;
  readonly unanswered: number;
}

/** A webhook that was just made; the secret is not told again. */
export type CreatedWebhook = WebhookInfo & { readonly secret: string };

/** One attempt to post an event. */
export interface WebhookDelivery {
  readonly eventId: string;
  readonly position: number;
  readonly attempt: number;
  /** When it began, microseconds. */
  readonly at: number;
  readonly durationMs: number;
  /** Of the answer; null where there was none. */
  readonly status: number | null;
  /** Why it failed; null where the receiver took it. */
  readonly error: string | null;
}

export interface WebhookRunOptions {
  /** Also loopback, link-local and private addresses; default false. */
  readonly allowPrivateAddresses?: boolean | undefined;
  /** Which addresses may be connected to, in the place of the usual rule. */
  readonly isAllowed?: ((address: string) => boolean) | undefined;
}

/** The webhooks of a store. */
export interface Webhooks {
  /** Throws `webhook_exists`, `validation_error`, `invalid_query`. The secret is not told again. */
  create(options: WebhookOptions): Promise<CreatedWebhook>;
  /** Of a tenant, by name. */
  list(options?: OfTenant): Promise<WebhookInfo[]>;
  /** This and the rest throw `webhook_not_found`. */
  get(name: string, options?: OfTenant): Promise<WebhookInfo>;
  /** Throws `unprocessable` for one of a pipeline, which goes with its pipeline. */
  delete(name: string, options?: OfTenant): Promise<void>;
  /** Posts nothing until it is resumed; nothing is lost meanwhile. */
  pause(name: string, options?: OfTenant): Promise<WebhookInfo>;
  resume(name: string, options?: OfTenant): Promise<WebhookInfo>;
  /**
   * Goes on from another place, forwards or backwards; it stays paused where it is. Throws
   * `invalid_query`.
   */
  seek(
    name: string,
    to: NonNullable<WebhookOptions['from']>,
    options?: OfTenant,
  ): Promise<WebhookInfo>;
  /** The last attempts since the store was opened, 1 000 at most, the newest first. */
  deliveries(name: string, options?: OfTenant): Promise<readonly WebhookDelivery[]>;
  /** Events that the receiver never took. */
  deadLetters(name: string, options?: OfTenant): Promise<readonly DeadLetter[]>;
  /** Posts dead letters again, all of them where no positions are given; tells how many. */
  replay(
    name: string,
    options?: OfTenant & { readonly positions?: readonly number[] | undefined },
  ): Promise<number>;
}

/**
 * The webhooks of a store in this process. They post nothing before `start`, which a server calls when it
 * listens, as it calls `stop` when it closes.
 */
export interface EmbeddedWebhooks extends Webhooks {
  /** Of all tenants, by tenant and name. */
  all(): Promise<WebhookInfo[]>;
  /**
   * Begins to post, in this process; a further call while they do keeps them posting for longer. All
   * webhooks of a store go by one rule: at once, not by the promise, it throws `invalid_configuration`
   * where they post by another. Their own `isAllowed` stands over `allowPrivateAddresses`.
   */
  start(options?: WebhookRunOptions): Promise<void>;
  /**
   * Takes back one `start`. With the last one posting ends: posts under way get a second to be answered,
   * and what was not taken is posted after the next `start`. Without a `start` it does nothing.
   */
  stop(): Promise<void>;
  /**
   * What is posted of events that are still in the log, JSON texts by position; for servers. Not part of the stable
   * API.
   * @internal
   */
  textsOf(
    name: string,
    options: OfTenant & { readonly positions: readonly number[] },
  ): Promise<Map<number, string>>;
}
