import type { DeadLetter, OfTenant } from '../consumers/index.js';
import type { WebhookDelivery, WebhookInfo, WebhookOptions, Webhooks } from '../webhooks/index.js';
import type { Connection } from './connection.js';
import {
  type WireDeadLetter,
  type WireFilter,
  toDeadLetter,
  toFilter,
  toWireFilter,
  toWireStart,
} from './wire/consumerDocuments.js';
import { microsOf } from './wire/documents.js';
import { badOption, optionTables, toQuery } from './wire/parameters.js';

const path = '/api/v1/webhooks';
const jsonType = 'application/json';
const deliveriesMax = 1000;

interface WireWebhook {
  readonly name: string;
  readonly tenant_id: string;
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
    const [unknown] = Object.keys(options).filter((name) => !optionNames.has(name));
    if (unknown !== undefined) throw badOption(unknown, 'not an option here', 'validation_error');
    const { filter, from, timeoutMs } = options;
    const document = {
      name: options.name,
      url: options.url,
      tenant_id: options.tenantId,
      filter: filter && toWireFilter(filter),
      start: from === undefined ? undefined : toWireStart(from),
      secret: options.secret,
      timeout_seconds: timeoutMs === undefined ? undefined : timeoutMs / 1000,
      pause_after: options.pauseAfter,
      max_attempts: options.maxAttempts,
    };
    const answer = await this.#connection.json<WireWebhook & { readonly secret: string }>({
      path,
      method: 'POST',
      contentType: jsonType,
      body: JSON.stringify(document),
      isRepeatable: false,
    });
    return { ...toInfo(answer), secret: answer.secret };
  }

  async list(options: OfTenant = {}): Promise<WebhookInfo[]> {
    const query = toQuery(options, optionTables.tenant);
    const request = { path, query, isRepeatable: true };
    const list = await this.#connection.json<{ webhooks: WireWebhook[] }>(request);
    return list.webhooks.map(toInfo);
  }

  async get(name: string, options: OfTenant = {}): Promise<WebhookInfo> {
    return toInfo(await this.#get(name, '', options));
  }

  async delete(name: string, options: OfTenant = {}): Promise<void> {
    const query = toQuery(options, optionTables.tenant);
    const request = { path: webhookPath(name), method: 'DELETE', query } as const;
    await this.#connection.send({ ...request, isRepeatable: false }, async () => undefined);
  }

  async pause(name: string, options: OfTenant = {}): Promise<WebhookInfo> {
    return toInfo(await this.#post(name, '/pause', options));
  }

  async resume(name: string, options: OfTenant = {}): Promise<WebhookInfo> {
    return toInfo(await this.#post(name, '/resume', options));
  }

  async seek(
    name: string,
    to: NonNullable<WebhookOptions['from']>,
    options: OfTenant = {},
  ): Promise<WebhookInfo> {
    return toInfo(await this.#post(name, '/seek', options, { to: toWireStart(to) }));
  }

  async deliveries(name: string, options: OfTenant = {}): Promise<readonly WebhookDelivery[]> {
    const { deliveries } = await this.#get<{ deliveries: WireDelivery[] }>(
      name,
      '/deliveries',
      options,
      { limit: deliveriesMax },
    );
    return deliveries.map(toDelivery);
  }

  async deadLetters(name: string, options: OfTenant = {}): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (let from: number | null = 1; from !== null;) {
      const page: { dead_letters: WireDeadLetter[]; next_position: number | null } =
        await this.#get(name, '/dead-letters', options, { from_position: from, limit: 1000 });
      letters.push(...page.dead_letters.map(toDeadLetter));
      from = page.next_position;
    }
    return letters;
  }

  async replay(
    name: string,
    options: OfTenant & { readonly positions?: readonly number[] | undefined } = {},
  ): Promise<number> {
    const { positions, ...ofTenant } = options;
    const answer = await this.#post<{ replayed: number }>(name, '/replay', ofTenant, { positions });
    return answer.replayed;
  }

  #get<T>(name: string, part: string, options: OfTenant, query: object = {}): Promise<T> {
    return this.#connection.json<T>({
      path: webhookPath(name) + part,
      query: { ...toQuery(options, optionTables.tenant), ...query },
      isRepeatable: true,
    });
  }

  #post<T = WireWebhook>(name: string, part: string, options: OfTenant, body?: object): Promise<T> {
    return this.#connection.json<T>({
      path: webhookPath(name) + part,
      method: 'POST',
      query: toQuery(options, optionTables.tenant),
      ...(body !== undefined && { contentType: jsonType, body: JSON.stringify(body) }),
      isRepeatable: true,
    });
  }
}

function webhookPath(name: unknown): string {
  if (typeof name === 'string' && name !== '') return `${path}/${encodeURIComponent(name)}`;
  throw badOption('name', 'expected the name of a webhook', 'validation_error');
}

function toInfo(webhook: WireWebhook): WebhookInfo {
  return {
    name: webhook.name,
    tenantId: webhook.tenant_id,
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
