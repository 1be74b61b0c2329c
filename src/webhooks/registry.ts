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
import { AllSourceError, systemTenant } from '../domain/index.js';
import type { JsonObject, NewEvent } from '../domain/index.js';
import { RecordedState } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { isPublicAddress } from '../outgoing/index.js';
import { webhookDefinitionOf, webhookLimits, webhookToPayload } from './definition.js';
import type { WebhookDefinition } from './definition.js';
import type {
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
interface CreatedPayload {
  readonly webhook: WebhookDefinition;
  readonly consumer: JsonObject;
}

/** The webhooks of a store, by tenant and name. */
export class WebhookRegistry implements EmbeddedWebhooks {
  readonly #log: SystemAccess;
  readonly #entries = new Map<string, Entry>();
  #run: WebhookRule | undefined;
  /** Calls of `start` that no `stop` has ended. */
  #starts = 0;
  readonly #state = new RecordedState(() => this.#read());

  constructor(log: SystemAccess) {
    this.#log = log;
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
    if (!this.#endStart()) return;
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

  create(options: WebhookOptions): Promise<WebhookInfo & { readonly secret: string }> {
    return this.#state.inTurn(async () => {
      const { name, tenantId, filter, from } = options;
      const maxAttempts = options.maxAttempts ?? webhookLimits.maxAttempts.default;
      const consumer = definitionOf({ name, tenantId, filter, maxAttempts }, randomUUID());
      const isAllowed = this.#run?.isAllowed ?? isPublicAddress;
      const webhook = webhookDefinitionOf(options, isAllowed);
      if (this.#entries.has(keyOf(consumer))) {
        throw new AllSourceError('webhook_exists', `there is a webhook ${name} already`);
      }
      const start = await cursorBefore(this.#log, { tenantId, filter, from: from ?? 'now' });
      const full: ConsumerDefinition = { ...consumer, start };
      const payload = { webhook: webhookToPayload(webhook), consumer: toPayload(full) };
      await this.#record(createdType, full, payload);
      const entry = await this.#add(full, webhook);
      this.#startEntry(entry);
      return { ...infoOf(entry), secret: webhook.secret };
    });
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
      const { webhook } = await this.#entry(name, options);
      const { definition } = webhook.consumer;
      await this.#record(deletedType, definition, {});
      this.#entries.delete(keyOf(definition));
      await webhook.stop();
      await webhook.consumer.close(notFound(name));
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
    return (await this.#entry(name, options)).webhook.consumer.wire.textsOf(positions);
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
    const reason = new AllSourceError('store_closed', 'the store was closed');
    const webhooks = [...this.#entries.values()].map(({ webhook }) => webhook);
    await Promise.all(webhooks.map((webhook) => webhook.stop()));
    await Promise.all(webhooks.map(({ consumer }) => consumer.close(reason)));
  }

  #startEntry(entry: Entry): void {
    if (this.#run === undefined || entry.pauseReason !== null) return;
    const { name, tenantId } = entry.webhook.consumer.definition;
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

  async #add(consumer: ConsumerDefinition, webhook: WebhookDefinition): Promise<Entry> {
    const running = await RunningConsumer.load(this.#log, consumer, retryDelay);
    const entry: Entry = { webhook: new RunningWebhook(webhook, running), pauseReason: null };
    this.#entries.set(keyOf(consumer), entry);
    return entry;
  }

  async #entry(name: string, { tenantId = 'default' }: OfTenant): Promise<Entry> {
    await this.#state.load();
    const entry = this.#entries.get(keyOf({ name, tenantId }));
    if (entry === undefined) throw notFound(name);
    return entry;
  }

  async #record(
    eventType: string,
    { key }: ConsumerDefinition,
    payload: JsonObject,
  ): Promise<void> {
    const entityId = `webhook/${key}`;
    const event: NewEvent = { tenantId: systemTenant, entityId, eventType, payload };
    await this.#log.append([event]);
  }

  /** Records again what is kept about all webhooks, before what it is recorded in is dropped. */
  rewrite(): Promise<void> {
    return this.#state.inTurn(async () => {
      for (const { webhook, pauseReason } of this.#entries.values()) {
        const { definition } = webhook.consumer;
        const payload = {
          webhook: webhookToPayload(webhook.definition),
          consumer: toPayload(definition),
        };
        await this.#record(createdType, definition, payload);
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
      // Only `create` writes these events.
      const payload = event.payload as unknown as CreatedPayload;
      const entry = await this.#add(fromPayload(payload.consumer), payload.webhook);
      const last = await this.#log.last(event.entityId);
      if (last?.eventType === pausedType) {
        entry.pauseReason = (last.payload as { readonly reason: string }).reason;
      }
    }
  }
}

function infoOf({ webhook, pauseReason }: Entry): WebhookInfo {
  const { name, tenantId, filter, maxAttempts, cursor, lag, deadLetters } =
    webhook.consumer.describe();
  const { url, timeoutMs, pauseAfter } = webhook.definition;
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
  return { name, tenantId, url, filter, maxAttempts, timeoutMs, pauseAfter, ...doing };
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
