import { createRequire } from 'node:module';
import type { JsonObject, JsonValue } from '../../src/index.js';

/** One webhook delivery of GitHub as an event. */
export interface Delivery {
  /** `github.<event>` or `github.<event>.<action>`. */
  readonly eventType: string;
  readonly entityId: string;
  /** The payload as JSON text, made once: it is sent many times. */
  readonly payloadText: string;
}

interface WebhookDefinition {
  readonly name: string;
  readonly examples: readonly JsonObject[];
}

/** The real deliveries that the package `@octokit/webhooks-examples` holds. */
export function loadDeliveries(): readonly Delivery[] {
  // The package is one JSON file, which `import` would only take with an import attribute.
  const require = createRequire(import.meta.url);
  const definitions = require('@octokit/webhooks-examples') as readonly WebhookDefinition[];
  return definitions.flatMap(({ name, examples }) =>
    examples.map((payload) => toDelivery(name, payload)),
  );
}

/** NDJSON of `total` events: the deliveries over and over, told apart by their metadata. */
export async function* multiplyDeliveries(
  deliveries: readonly Delivery[],
  total: number,
): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < total; sent += deliveries.length) {
    const multiple = sent / deliveries.length;
    const round = deliveries.slice(0, total - sent);
    yield Buffer.from(
      round.map((delivery, index) => toLine(delivery, { index, multiple })).join(''),
    );
  }
}

/** How many of the first `total` events have each value of `keyOf`. */
export function countSent(
  deliveries: readonly Delivery[],
  total: number,
  keyOf: (delivery: Delivery) => string,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const rounds = Math.floor(total / deliveries.length);
  const rest = total % deliveries.length;
  for (const [index, delivery] of deliveries.entries()) {
    const count = rounds + (index < rest ? 1 : 0);
    const key = keyOf(delivery);
    if (count > 0) counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return counts;
}

function toDelivery(name: string, payload: JsonObject): Delivery {
  const action = textAt(payload, 'action');
  return {
    eventType: action === undefined ? `github.${name}` : `github.${name}.${action}`,
    entityId: findEntity(payload),
    payloadText: JSON.stringify(payload),
  };
}

/** The repository, else who sent it, else the account or advisory that it is about. */
function findEntity(payload: JsonObject): string {
  const entity =
    textAt(payload, 'repository', 'full_name') ??
    textAt(payload, 'sender', 'login') ??
    textAt(payload, 'organization', 'login') ??
    textAt(payload, 'installation', 'account', 'login') ??
    textAt(payload, 'security_advisory', 'ghsa_id');
  if (entity === undefined) {
    throw new Error(
      `expected a delivery with an entity, got one of ${Object.keys(payload).join()}`,
    );
  }
  return entity;
}

function textAt(payload: JsonObject, ...path: readonly string[]): string | undefined {
  let value: JsonValue | undefined = payload;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !isObject(value)) return undefined;
    value = value[key];
  }
  return typeof value === 'string' ? value : undefined;
}

/** `Array.isArray` does not tell a readonly array from an object for the compiler. */
function isObject(value: JsonObject | readonly JsonValue[]): value is JsonObject {
  return !Array.isArray(value);
}

function toLine(delivery: Delivery, metadata: { index: number; multiple: number }): string {
  const { eventType, entityId, payloadText } = delivery;
  return (
    `{"event_type":${JSON.stringify(eventType)},"entity_id":${JSON.stringify(entityId)},` +
    `"metadata":${JSON.stringify(metadata)},"payload":${payloadText}}\n`
  );
}
