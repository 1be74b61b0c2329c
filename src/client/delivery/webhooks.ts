import type { DeadLetter, OfTenant } from '../../consumers/index.js';
import type {
  WebhookDelivery,
  WebhookInfo,
  WebhookOptions,
  Webhooks,
} from '../../webhooks/index.js';
import type { Connection } from '../connection.js';
import {
  type WireFilter,
  toFilter,
  toSeconds,
  toWireCommon,
  toWireStart,
} from '../wire/consumerDocuments.js';
import { microsOf } from '../wire/documents.js';
import { checkNames, optionTables, toQuery } from '../wire/parameters.js';
import { Resource } from './resource.js';

const path = '/api/v1/webhooks';
const deliveriesMax = 1000;

interface WireWebhook {
  readonly name: string;
  readonly tenant_id: string;
  readonly pipeline_id: string | null;
  readonly url: string;
  readonly filter: WireFilter;
  readonly max_attempts: number;
  readonly timeout_seconds: number;
  readonly pause_after: number;
  readonly status: 'active' | 'paused';
  readonly pause_reason: string | null;
  readonly cursor: number;
  readonly lag: number;
  readonly dead_letters: number;
  readonly failures: number;
  readonly taken: number;
  readonly refused: number;
  readonly unanswered: number;
}

interface WireDelivery {
  readonly event_id: string;
  readonly position: number;
  readonly attempt: number;
  readonly at: string;
  readonly duration_ms: number;
  readonly status: number | null;
  readonly error: string | null;
}

const optionNames: ReadonlySet<string> = new Set([
  'name',
  'tenantId',
  'filter',
  'from',
  'maxAttempts',
  'url',
  'secret',
  'timeoutMs',
  'pauseAfter',
]);

/** Webhooks of a server, which posts. */
export class RemoteWebhooks implements Webhooks {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async create(options: WebhookOptions): Promise<WebhookInfo & { readonly secret: string }> {
    checkNames(options, optionNames, { code: 'validation_error' });
    const body = {
      ...toWireCommon(options),
      url: options.url,
      secret: options.secret,
      timeout_seconds: toSeconds(options.timeoutMs),
      pause_after: options.pauseAfter,
    };
    type Created = WireWebhook & { readonly secret: string };
    const request = { body, isRepeatable: false };
    const answer = await this.#connection.post<Created>(path, request);
    return { ...toInfo(answer), secret: answer.secret };
  }

  async list(options: OfTenant = {}): Promise<WebhookInfo[]> {
    const query = toQuery(options, optionTables.tenant);
    const request = { path, query, isRepeatable: true };
    const list = await this.#connection.json<{ webhooks: WireWebhook[] }>(request);
    return list.webhooks.map(toInfo);
  }

  async get(name: string, options?: OfTenant): Promise<WebhookInfo> {
    return toInfo(await this.#named(name, options).get());
  }

  async delete(name: string, options?: OfTenant): Promise<void> {
    await this.#named(name, options).delete();
  }

  async pause(name: string, options?: OfTenant): Promise<WebhookInfo> {
    return toInfo(await this.#named(name, options).post('/pause'));
  }

  async resume(name: string, options?: OfTenant): Promise<WebhookInfo> {
    return toInfo(await this.#named(name, options).post('/resume'));
  }

  async seek(
    name: string,
    to: NonNullable<WebhookOptions['from']>,
    options?: OfTenant,
  ): Promise<WebhookInfo> {
    return toInfo(await this.#named(name, options).post('/seek', { to: toWireStart(to) }));
  }

  async deliveries(name: string, options?: OfTenant): Promise<readonly WebhookDelivery[]> {
    const webhook = this.#named(name, options);
    const query = { limit: deliveriesMax };
    const answer = await webhook.get<{ deliveries: WireDelivery[] }>('/deliveries', query);
    return answer.deliveries.map(toDelivery);
  }

  async deadLetters(name: string, options?: OfTenant): Promise<readonly DeadLetter[]> {
    return this.#named(name, options).deadLetters();
  }

  async replay(
    name: string,
    options: OfTenant & { readonly positions?: readonly number[] | undefined } = {},
  ): Promise<number> {
    const { positions, ...ofTenant } = options;
    return this.#named(name, ofTenant).replay('/replay', positions);
  }

  #named(name: string, options: OfTenant = {}): Resource {
    return new Resource(this.#connection, path, name, options);
  }
}

function toInfo(webhook: WireWebhook): WebhookInfo {
  return {
    name: webhook.name,
    tenantId: webhook.tenant_id,
    pipelineId: webhook.pipeline_id,
    url: webhook.url,
    filter: toFilter(webhook.filter),
    maxAttempts: webhook.max_attempts,
    timeoutMs: webhook.timeout_seconds * 1000,
    pauseAfter: webhook.pause_after,
    status: webhook.status,
    pauseReason: webhook.pause_reason,
    cursor: webhook.cursor,
    lag: webhook.lag,
    deadLetters: webhook.dead_letters,
    failures: webhook.failures,
    taken: webhook.taken,
    refused: webhook.refused,
    unanswered: webhook.unanswered,
  };
}

function toDelivery(delivery: WireDelivery): WebhookDelivery {
  return {
    eventId: delivery.event_id,
    position: delivery.position,
    attempt: delivery.attempt,
    at: microsOf(delivery.at),
    durationMs: delivery.duration_ms,
    status: delivery.status,
    error: delivery.error,
  };
}
