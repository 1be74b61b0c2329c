import { createRequire } from 'node:module';
import { openEventStore } from '../../src/index.js';
import type { AllSourceError, EmbeddedStore, JsonObject } from '../../src/index.js';
import type { Delivery } from './deliveries.js';

/** What became of the schemas and the deliveries. */
export interface SchemaReport {
  /** Subjects that were registered: event types that GitHub publishes a schema for. */
  readonly subjects: number;
  readonly accepted: number;
  /** Real deliveries that break the published schema of their own type, and where. */
  readonly refused: readonly Refused[];
  /** Of a delivery without a field that must be there. */
  readonly brokenMessage: string;
  /** Version of a schema that was changed compatibly. */
  readonly evolvedVersion: number;
  /** Of a change that would break what is stored. */
  readonly incompatibleMessage: string;
}

export interface Refused {
  readonly eventType: string;
  readonly message: string;
}

interface SchemaFile {
  readonly $schema: string;
  readonly definitions: Readonly<Record<string, JsonObject>>;
}

const localReference = /^#\/definitions\/([^/]+)$/;
const evolvedType = 'github.push';

/** The schemas that `@octokit/webhooks-schemas` publishes, by the event types of deliveries. */
export function loadSchemas(): ReadonlyMap<string, JsonObject> {
  const require = createRequire(import.meta.url);
  const file = require('@octokit/webhooks-schemas') as SchemaFile;
  const schemas = new Map<string, JsonObject>();
  for (const name of Object.keys(file.definitions)) {
    const [event, action] = name.split('$');
    if (action === undefined) continue;
    const eventType = action === 'event' ? `github.${event}` : `github.${event}.${action}`;
    schemas.set(eventType, bundle(file, name));
  }
  return schemas;
}

/** A definition as a schema of its own, with those that it names. */
function bundle({ $schema, definitions }: SchemaFile, name: string): JsonObject {
  const { [name]: root = {} } = definitions;
  const named = new Set<string>();
  const open = [root];
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    for (const reference of referencesIn(schema)) {
      const definition = definitions[reference];
      if (definition === undefined || named.has(reference)) continue;
      named.add(reference);
      open.push(definition);
    }
  }
  const used = [...named].map((one) => [one, definitions[one] ?? {}] as const);
  return { $schema, ...root, definitions: Object.fromEntries(used) };
}

function referencesIn(schema: JsonObject): readonly string[] {
  const names: string[] = [];
  JSON.stringify(schema, (key, value: unknown) => {
    const name = key === '$ref' ? localReference.exec(String(value))?.[1] : undefined;
    if (name !== undefined) names.push(name);
    return value;
  });
  return names;
}

/**
 * Registers the schemas of the deliveries' types, appends every delivery under them, and shows what is
 * refused: a broken delivery, and a change of a schema that is not compatible.
 */
export async function runSchemas(
  deliveries: readonly Delivery[],
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<SchemaReport> {
  const store = await openEventStore({ memory: true });
  try {
    const subjects = await register(store, deliveries, onProgress);
    const refused = await appendAll(store, deliveries);
    return {
      ...{ subjects, accepted: deliveries.length - refused.length, refused },
      brokenMessage: await appendBroken(store, deliveries),
      ...(await evolve(store)),
    };
  } finally {
    await store.close();
  }
}

async function register(
  store: EmbeddedStore,
  deliveries: readonly Delivery[],
  onProgress: (done: number, total: number) => void,
): Promise<number> {
  const schemas = loadSchemas();
  const types = new Set(deliveries.map(({ eventType }) => eventType));
  const subjects = [...types].filter((type) => schemas.has(type));
  for (const [done, subject] of subjects.entries()) {
    await store.schemas.register(subject, schemas.get(subject) ?? {});
    onProgress(done + 1, subjects.length);
  }
  return subjects.length;
}

async function appendAll(
  store: EmbeddedStore,
  deliveries: readonly Delivery[],
): Promise<readonly Refused[]> {
  const refused: Refused[] = [];
  for (const delivery of deliveries) {
    const message = await refusalOf(() => append(store, delivery));
    if (message !== undefined) refused.push({ eventType: delivery.eventType, message });
  }
  return refused;
}

async function append(store: EmbeddedStore, { eventType, entityId, payloadText }: Delivery) {
  const payload = JSON.parse(payloadText) as JsonObject;
  return store.append({ eventType, entityId, payload });
}

/** A push that does not say which repository it is of. */
async function appendBroken(
  store: EmbeddedStore,
  deliveries: readonly Delivery[],
): Promise<string> {
  const push = deliveries.find(({ eventType }) => eventType === evolvedType);
  const { repository: _, ...payload } = JSON.parse(push?.payloadText ?? '{}') as JsonObject;
  const event = { eventType: evolvedType, entityId: 'octo-org/octo-repo', payload };
  return mustBeRefused(await refusalOf(() => store.append(event)));
}

async function evolve(
  store: EmbeddedStore,
): Promise<Pick<SchemaReport, 'evolvedVersion' | 'incompatibleMessage'>> {
  const { schema } = await store.schemas.get(evolvedType);
  if (typeof schema === 'boolean') throw new Error('expected the schema of an object');
  // What is no longer required may still be there.
  const required = (schema['required'] as readonly string[]).filter((name) => name !== 'pusher');
  const evolved = await store.schemas.register(evolvedType, { ...schema, required });
  const stricter = { ...schema, required: [...required, 'signature'] };
  const refusal = await refusalOf(() => store.schemas.register(evolvedType, stricter));
  return { evolvedVersion: evolved.version, incompatibleMessage: mustBeRefused(refusal) };
}

async function refusalOf(call: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    const { code, message } = error as AllSourceError;
    if (code === 'payload_schema_violation' || code === 'incompatible_schema') return message;
    throw error;
  }
}

function mustBeRefused(message: string | undefined): string {
  if (message === undefined) throw new Error('expected it to be refused');
  return message;
}
