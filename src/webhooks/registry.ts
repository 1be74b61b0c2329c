import { randomUUID } from 'node:crypto';
import {
  RunningConsumer,
  cursorBefore,
  definitionOf,
  fromPayload,
  seekTo,
  toPayload,
} from '../consumers/index.js';
import type { ConsumerDefinition, DeadLetter, OfTenant } from '../consumers/index.js';
import { AllSourceError, closedError, systemTenant } from '../domain/index.js';
import type { JsonObject, NewEvent } from '../domain/index.js';
import { RecordedState } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { isPublicAddress } from '../outgoing/index.js';
import { webhookDefinitionOf, webhookLimits, webhookToPayload } from './definition.js';
import type { WebhookDefinition, WebhookPipeline } from './definition.js';
import type {
  CreatedWebhook,
  EmbeddedWebhooks,
  WebhookDelivery,
  WebhookInfo,
  WebhookOptions,
  WebhookRunOptions,
} from './types.js';
import { commonRule, ruleOf } from './rule.js';
import type { WebhookRule } from './rule.js';
import { RunningWebhook } from './webhook.js';

const createdType = 'webhook.created';
const pausedType = 'webhook.paused';
const resumedType = 'webhook.resumed';
const deletedType = 'webhook.deleted';

const retryDelayMs = 1000;
const retryDelayMsMax = 3_600_000;
/** Part of a wait that is left to chance, so that receivers that were down are not met all at once. */
const jitter = 0.25;

interface Entry {
  readonly webhook: RunningWebhook;
  pauseReason: string | null;
}

/** What `webhook.created` holds. */
interface WebhookRecord {
  readonly webhook: WebhookDefinition;
  readonly consumer: ConsumerDefinition;
}

/** The webhooks of a store, by tenant and name. */
export class WebhookRegistry implements EmbeddedWebhooks {
  readonly #log: SystemAccess;
  readonly #entries = new Map<string, Entry>();
  #run: WebhookRule | undefined;
  /** Calls of `start` that no `stop` has ended. */
  #starts = 0;
  readonly #state: RecordedState;

  constructor(log: SystemAccess) {
    this.#log = log;
    this.#state = new RecordedState(log, () => this.#read());
  }

  start(options: WebhookRunOptions = {}): Promise<void> {
    this.#run = commonRule(this.#run, ruleOf(options));
    this.#starts += 1;
    const started = this.#state.inTurn(async () => {
      for (const entry of this.#entries.values()) this.#startEntry(entry);
    });
    return started.catch((error: unknown) => {
      this.#endStart();
      throw error;
    });
  }

  async stop(): Promise<void> {
    // One that closes has ended all of them.
    if (!this.#endStart() || this.#log.isClosed) return;
    await this.#state.inTurn(async () => {
      await Promise.all([...this.#entries.values()].map(({ webhook }) => webhook.stop()));
    });
  }

  /** Whether it was the last one. */
  #endStart(): boolean {
    if (this.#starts === 0) return false;
    this.#starts -= 1;
    if (this.#starts > 0) return false;
    this.#run = undefined;
    return true;
  }

  /** Which addresses may be posted to. */
  get isAllowed(): (address: string) => boolean {
    return this.#run?.isAllowed ?? isPublicAddress;
  }

  create(options: WebhookOptions): Promise<CreatedWebhook> {
    return this.#state.inTurn(async () => {
      const planned = await this.#plan(options);
      await this.#log.append([createdEvent(planned)]);
      return this.#begin(planned);
    });
  }

  /**
   * Makes the webhooks of a pipeline, by one append with what is recorded of the pipeline. What they post
   * is written to the tenants that `resultTenantOf` gives.
   */
  createFor(
    pipeline: WebhookPipeline,
    wanted: readonly Pick<WebhookOptions, 'name' | 'url' | 'secret'>[],
    record: NewEvent,
  ): Promise<readonly CreatedWebhook[]> {
    const { tenantId } = pipeline;
    return this.#state.inTurn(async () => {
      const planned: WebhookRecord[] = [];
      for (const one of wanted) planned.push(await this.#plan({ ...one, tenantId }, pipeline));
      await this.#log.append([record, ...planned.map(createdEvent)]);
      return Promise.all(planned.map((one) => this.#begin(one)));
    });
  }

  /** Deletes the webhooks of a pipeline, by one append with what is recorded of the pipeline. */
  deleteOf({ id, tenantId }: WebhookPipeline, record: NewEvent): Promise<void> {
    return this.#state.inTurn(async () => {
      const entries = [...this.#entries.values()].filter(({ webhook: { definition } }) => {
        return definition.pipeline?.id === id && definition.pipeline.tenantId === tenantId;
      });
      await this.#deleteAll(entries, [record]);
    });
  }

  /** The tenant of the store's own that a webhook of a pipeline reads. */
  async resultTenantOf(name: string, options: OfTenant): Promise<string> {
    return (await this.#entry(name, options)).webhook.consumer.definition.tenantId;
  }

  /** Whether a webhook signs by a secret. */
  async hasSecret(name: string, secret: string, options: OfTenant): Promise<boolean> {
    return (await this.#entry(name, options)).webhook.definition.secret === secret;
  }

  async list({ tenantId = 'default' }: OfTenant = {}): Promise<WebhookInfo[]> {
    await this.#state.load();
    const infos = [...this.#entries.values()].map(infoOf);
    return infos
      .filter((info) => info.tenantId === tenantId)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async all(): Promise<WebhookInfo[]> {
    await this.#state.load();
    const named = [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1));
    return named.map(([, entry]) => infoOf(entry));
  }

  async get(name: string, options: OfTenant = {}): Promise<WebhookInfo> {
    return infoOf(await this.#entry(name, options));
  }

  delete(name: string, options: OfTenant = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const entry = await this.#entry(name, options);
      const { pipeline } = entry.webhook.definition;
      if (pipeline === undefined) return this.#deleteAll([entry], []);
      const message = `${name} belongs to the pipeline ${pipeline.id}; delete that, or pause it`;
      throw new AllSourceError('unprocessable', message);
    });
  }

  pause(name: string, options: OfTenant = {}): Promise<WebhookInfo> {
    return this.#state.inTurn(async () => {
      const entry = await this.#entry(name, options);
      await this.#pause(entry, 'paused by request');
      return infoOf(entry);
    });
  }

  resume(name: string, options: OfTenant = {}): Promise<WebhookInfo> {
    return this.#state.inTurn(async () => {
      const entry = await this.#entry(name, options);
      if (entry.pauseReason !== null) {
        await entry.webhook.consumer.skipDropped();
        await this.#record(resumedType, entry.webhook.consumer.definition, {});
        entry.pauseReason = null;
        this.#startEntry(entry);
      }
      return infoOf(entry);
    });
  }

  async seek(
    name: string,
    to: NonNullable<WebhookOptions['from']>,
    options: OfTenant = {},
  ): Promise<WebhookInfo> {
    const entry = await this.#entry(name, options);
    await seekTo(this.#log, entry.webhook.consumer, to);
    return infoOf(entry);
  }

  async deliveries(name: string, options: OfTenant = {}): Promise<readonly WebhookDelivery[]> {
    return (await this.#entry(name, options)).webhook.deliveries;
  }

  async deadLetters(name: string, options: OfTenant = {}): Promise<readonly DeadLetter[]> {
    return (await this.#entry(name, options)).webhook.consumer.deadLetters();
  }

  async textsOf(
    name: string,
    { positions, ...options }: OfTenant & { readonly positions: readonly number[] },
  ): Promise<Map<number, string>> {
    return (await this.#entry(name, options)).webhook.bodiesOf(positions);
  }

  async replay(
    name: string,
    options: OfTenant & { readonly positions?: readonly number[] | undefined } = {},
  ): Promise<number> {
    const { webhook } = await this.#entry(name, options);
    return webhook.consumer.replayDeadLetters(options.positions);
  }

  /** Stops posting and writes the cursors; the log must still take appends. */
  async close(): Promise<void> {
    this.#run = undefined;
    this.#starts = 0;
    const webhooks = [...this.#entries.values()].map(({ webhook }) => webhook);
    await Promise.all(webhooks.map((webhook) => webhook.stop()));
    await Promise.all(webhooks.map(({ consumer }) => consumer.close(closedError())));
  }

  #startEntry(entry: Entry): void {
    if (this.#run === undefined || entry.pauseReason !== null) return;
    const { name, tenantId } = infoOf(entry);
    entry.webhook.start({
      isAllowed: this.#run.isAllowed,
      // Not awaited: it ends the handler that asks for it.
      onPause: (reason) =>
        void this.#state
          .inTurn(async () => {
            const now = await this.#entry(name, { tenantId });
            if (now === entry && entry.pauseReason === null) await this.#pause(entry, reason);
          })
          .catch(() => undefined),
    });
  }

  async #pause(entry: Entry, reason: string): Promise<void> {
    if (entry.pauseReason === null) {
      await this.#record(pausedType, entry.webhook.consumer.definition, { reason });
      entry.pauseReason = reason;
    }
    await entry.webhook.stop();
  }

  /** One that is not there yet; the consumer of a pipeline's has its results as a tenant of their own. */
  async #plan(options: WebhookOptions, pipeline?: WebhookPipeline): Promise<WebhookRecord> {
    const { name, tenantId, filter, from = 'now' } = options;
    const maxAttempts = options.maxAttempts ?? webhookLimits.maxAttempts.default;
    const key = randomUUID();
    const definition = definitionOf({ name, tenantId, filter, maxAttempts }, key);
    const webhook = webhookDefinitionOf(options, this.isAllowed);
    if (this.#entries.has(keyOf(definition))) {
      throw new AllSourceError('webhook_exists', `there is a webhook ${name} already`);
    }
    const start = await cursorBefore(this.#log, { tenantId, filter, from });
    if (pipeline === undefined) return { webhook, consumer: { ...definition, start } };
    const consumer = { ...definition, start, tenantId: `$results/${key}` };
    return { webhook: { ...webhook, pipeline }, consumer };
  }

  async #begin(record: WebhookRecord): Promise<CreatedWebhook> {
    const entry = await this.#add(record);
    this.#startEntry(entry);
    return { ...infoOf(entry), secret: record.webhook.secret };
  }

  async #add({ consumer, webhook }: WebhookRecord): Promise<Entry> {
    const running = await RunningConsumer.load(this.#log, consumer, retryDelay);
    const entry: Entry = { webhook: new RunningWebhook(webhook, running), pauseReason: null };
    this.#entries.set(keyOf(infoOf(entry)), entry);
    return entry;
  }

  async #deleteAll(entries: readonly Entry[], records: readonly NewEvent[]): Promise<void> {
    const deleted = entries.map(({ webhook }) =>
      eventOf(deletedType, webhook.consumer.definition, {}),
    );
    await this.#log.append([...records, ...deleted]);
    for (const entry of entries) {
      const info = infoOf(entry);
      this.#entries.delete(keyOf(info));
      await entry.webhook.stop();
      await entry.webhook.consumer.close(notFound(info.name));
    }
  }

  async #entry(name: string, { tenantId = 'default' }: OfTenant): Promise<Entry> {
    await this.#state.load();
    const entry = this.#entries.get(keyOf({ name, tenantId }));
    if (entry === undefined) throw notFound(name);
    return entry;
  }

  async #record(
    eventType: string,
    definition: ConsumerDefinition,
    payload: JsonObject,
  ): Promise<void> {
    await this.#log.append([eventOf(eventType, definition, payload)]);
  }

  /** Records again what is kept about all webhooks, before what it is recorded in is dropped. */
  rewrite(): Promise<void> {
    return this.#state.inTurn(async () => {
      for (const { webhook, pauseReason } of this.#entries.values()) {
        const { definition } = webhook.consumer;
        const record = { webhook: webhook.definition, consumer: definition };
        await this.#log.append([createdEvent(record)]);
        if (pauseReason !== null) {
          await this.#record(pausedType, definition, { reason: pauseReason });
        }
        await webhook.consumer.rewrite();
      }
    });
  }

  async #read(): Promise<void> {
    const gone = new Set<string>();
    for await (const { entityId } of this.#log.read({ eventType: deletedType })) gone.add(entityId);
    for await (const event of this.#log.read({ eventType: createdType })) {
      // One that was recorded again is there twice.
      if (gone.has(event.entityId)) continue;
      gone.add(event.entityId);
      // Only `createdEvent` makes these events.
      const { webhook, consumer } = event.payload as unknown as WebhookRecord;
      const entry = await this.#add({ webhook, consumer: fromPayload(consumer) });
      const last = await this.#log.last(event.entityId);
      if (last?.eventType === pausedType) {
        entry.pauseReason = (last.payload as { readonly reason: string }).reason;
      }
    }
  }
}

function infoOf({ webhook, pauseReason }: Entry): WebhookInfo {
  const { name, filter, maxAttempts, cursor, lag, deadLetters, ...consumer } =
    webhook.consumer.describe();
  const { url, timeoutMs, pauseAfter, pipeline } = webhook.definition;
  const tenantId = pipeline?.tenantId ?? consumer.tenantId;
  const pipelineId = pipeline?.id ?? null;
  const status = pauseReason === null ? 'active' : 'paused';
  const doing = {
    status,
    pauseReason,
    cursor,
    lag,
    deadLetters,
    failures: webhook.failures,
    ...webhook.posts,
  } as const;
  const options = { url, filter, maxAttempts, timeoutMs, pauseAfter };
  return { name, tenantId, pipelineId, ...options, ...doing };
}

function createdEvent({ webhook, consumer }: WebhookRecord): NewEvent {
  const payload = { webhook: webhookToPayload(webhook), consumer: toPayload(consumer) };
  return eventOf(createdType, consumer, payload);
}

function eventOf(eventType: string, { key }: ConsumerDefinition, payload: JsonObject): NewEvent {
  return { tenantId: systemTenant, entityId: `webhook/${key}`, eventType, payload };
}

function retryDelay(attempts: number): number {
  const delay = Math.min(retryDelayMs * 2 ** (attempts - 1), retryDelayMsMax);
  return delay * (1 - jitter + 2 * jitter * Math.random());
}

function keyOf({ tenantId, name }: { readonly tenantId: string; readonly name: string }): string {
  return `${tenantId}/${name}`;
}

function notFound(name: string): AllSourceError {
  return new AllSourceError('webhook_not_found', `there is no webhook ${JSON.stringify(name)}`);
}
