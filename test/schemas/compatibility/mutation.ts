// Schemas near another one: what a developer changes between two versions.
import type { JsonObject, JsonValue } from '../../../src/domain/index.js';
import type { JsonSchema } from '../../../src/schemas/index.js';
import type { Random } from './random.js';

type Mutable = Record<string, unknown>;

/** Changes a schema in one to three places; parts of `other` come in. */
export function mutate(schema: JsonSchema, other: JsonSchema, random: Random): JsonSchema {
  const holder: Mutable = { schema: structuredClone(schema) };
  for (let left = 1 + random.below(3); left > 0; left -= 1) change(holder, other, random);
  return holder['schema'] as JsonSchema;
}

interface Place {
  readonly parent: Mutable;
  readonly key: string;
}

const schemaKeys = /^(schema|items|contains|not|if|then|else|additionalProperties|propertyNames)$/;
const listKeys = /^(anyOf|oneOf|allOf|prefixItems)$/;
const mapKeys = /^(properties|patternProperties|dependentSchemas)$/;

function placesIn(holder: Mutable): Place[] {
  const found: Place[] = [];
  for (const [key, value] of Object.entries(holder)) {
    if (schemaKeys.test(key)) found.push({ parent: holder, key });
    if (schemaKeys.test(key) && isObject(value)) found.push(...placesIn(value));
    if (!(listKeys.test(key) || mapKeys.test(key)) || !isObject(value)) continue;
    for (const [name, one] of Object.entries(value)) {
      found.push({ parent: value, key: name });
      if (isObject(one)) found.push(...placesIn(one));
    }
  }
  return found;
}

function change(holder: Mutable, other: JsonSchema, random: Random): void {
  const place = random.pick(placesIn(holder));
  if (place === undefined) return;
  const { parent, key } = place;
  const schema = parent[key] as JsonSchema;
  const extra = partOf(other, random);
  const choice = random.below(10);
  if (choice === 0) parent[key] = extra;
  else if (choice === 1)
    parent[key] = { anyOf: random.chance(0.5) ? [schema, extra] : [extra, schema] };
  else if (choice === 2)
    parent[key] = random.pick([{ allOf: [schema] }, { oneOf: [schema] }, { not: { not: schema } }]);
  else if (isObject(schema)) changeWord(schema, extra, random);
}

function partOf(other: JsonSchema, random: Random): JsonSchema {
  const holder: Mutable = { schema: structuredClone(other) };
  const place = random.pick(placesIn(holder));
  return place === undefined ? other : (place.parent[place.key] as JsonSchema);
}

function changeWord(schema: Mutable, extra: JsonSchema, random: Random): void {
  const word = random.pick(Object.keys(schema).filter((key) => key !== '$defs'));
  const added = isObject(extra) ? random.pick(Object.keys(extra)) : undefined;
  if (word === undefined || random.chance(0.3)) {
    // All of it or one word: a prefix may come with what follows it.
    if (isObject(extra) && random.chance(0.3)) Object.assign(schema, extra);
    else if (added !== undefined && isObject(extra)) schema[added] = extra[added];
    return;
  }
  if (random.chance(0.25)) {
    delete schema[word];
    return;
  }
  schema[word] = changed(schema[word] as JsonValue, word, extra, random);
}

function changed(value: JsonValue, word: string, extra: JsonSchema, random: Random): unknown {
  if (typeof value === 'number') {
    const step = random.pick([1, -1, 0.5]) ?? 1;
    const isCount = /^(min|max)[A-Z]/.test(word);
    if (word === 'multipleOf') return random.pick([1, 2, 4, 0.5]);
    return isCount ? Math.max(0, value + Math.sign(step)) : value + step;
  }
  if (word === 'type') return random.pick(typesNear[String(value)] ?? ['string', 'number']);
  if (listKeys.test(word) && Array.isArray(value)) {
    const list = value as JsonValue[];
    const left = random.below(list.length);
    if (list.length > 1 && random.chance(0.4)) return list.filter((_, at) => at !== left);
    return random.chance(0.3) ? [...list].reverse() : [...list, extra];
  }
  if (mapKeys.test(word))
    return { ...(value as JsonObject), [random.pick(['a', 'b', 'c']) ?? 'a']: extra };
  if (word === 'enum' && Array.isArray(value)) {
    return random.chance(0.5) && value.length > 1
      ? value.slice(1)
      : [...(value as JsonValue[]), 'added'];
  }
  if (word === 'required' && Array.isArray(value)) {
    return random.chance(0.5) ? value.slice(1) : [...new Set([...(value as string[]), 'b'])];
  }
  if (word === 'additionalProperties') return random.pick<unknown>([true, false, extra]);
  return value;
}

const typesNear: Readonly<Record<string, readonly unknown[]>> = {
  integer: ['number', ['integer', 'string'], 'integer'],
  number: ['integer', ['number', 'null']],
  string: [['string', 'null'], 'string', 'integer'],
};

function isObject(value: unknown): value is Mutable {
  return typeof value === 'object' && value !== null;
}
