// Values that are likely to be valid under one schema, or nearly so.
import type { JsonObject, JsonValue } from '../../../src/domain/index.js';
import { isJsonObject } from '../../../src/domain/index.js';
import type { Random } from './random.js';

const levelsMax = 7;
const namesOften = ['a', 'b', 'c', 'x-1', 'x-2', 'zz', 'ab'];
const scalars: readonly JsonValue[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  0.5,
  2,
  3,
  6,
  12,
  1.5,
  3000000000,
  1e21,
  6e21,
  5e-324,
  1e-323,
  '',
  'a',
  'ab',
  'abc',
  'x-1',
  'xyz',
  '7',
  '2026-01-02',
  '10.0.0.1',
  'added',
  'aaaaaa',
];

const numbersAtTheEnds = [1e21, 6e21, 2 ** 53, 5e-324, 1e-323];

/** Draws values by what the schemas of a document say, and now and then by nothing. */
export class Instances {
  private readonly constants: readonly JsonValue[];

  constructor(
    private readonly roots: readonly [JsonObject, JsonObject],
    private readonly random: Random,
  ) {
    this.constants = roots.flatMap(constantsIn);
  }

  draw(): JsonValue {
    const { random } = this;
    const root = random.chance(0.5) ? this.roots[0] : this.roots[1];
    const value = this.by([root], root, 0);
    return random.chance(0.3) ? this.near(value) : value;
  }

  /** A value for which all schemas were asked. */
  private by(
    schemas: readonly (JsonValue | undefined)[],
    root: JsonObject,
    level: number,
  ): JsonValue {
    const { random } = this;
    const all = [...new Set(this.flatten([...new Set(schemas)], root, 0))];
    const listed = all.flatMap(({ enum: list, const: one }) => [
      ...(Array.isArray(list) ? (list as JsonValue[]) : []),
      ...(one === undefined ? [] : [one]),
    ]);
    if (listed.length > 0 && random.chance(0.9)) return random.pick(listed) ?? null;
    if (level > levelsMax || random.chance(0.04)) return this.anything();
    const merged: JsonObject = Object.assign({}, ...all) as JsonObject;
    switch (this.typeFor(all)) {
      case 'object':
        return this.object(all, root, level);
      case 'array':
        return this.array(all, merged, root, level);
      case 'string':
        return this.string(merged);
      case 'integer':
      case 'number':
        return this.number(merged);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      default:
        return this.anything();
    }
  }

  private typeFor(all: readonly JsonObject[]): string | undefined {
    const named = all.flatMap(({ type }) =>
      type === undefined ? [] : [[type].flat() as string[]],
    );
    if (named.length > 0) {
      const common = (named[0] ?? []).filter((one) => named.every((list) => list.includes(one)));
      return this.random.pick(common.length > 0 ? common : named.flat());
    }
    const words = all.flatMap((schema) => Object.keys(schema));
    const hints = words.flatMap((word) => {
      if (/propert|required|dependent/i.test(word)) return ['object'];
      if (/items|contains/i.test(word)) return ['array'];
      if (/length|pattern$|format/i.test(word)) return ['string'];
      return /imum|multiple/i.test(word) ? ['number'] : [];
    });
    return this.random.pick([...hints, ...hints, 'object', 'array', 'string', 'number', 'any']);
  }

  /** The schemas with what they refer to, and one branch of each choice. */
  private flatten(
    schemas: readonly (JsonValue | undefined)[],
    root: JsonObject,
    level: number,
  ): readonly JsonObject[] {
    if (level > 8) return [];
    return schemas.filter(isJsonObject).flatMap((schema) => {
      const { $ref, allOf, anyOf, oneOf, if: condition, then, else: otherwise } = schema;
      const found: (JsonValue | undefined)[] = [];
      if ($ref === '#') found.push(root);
      if ($ref === '#/$defs/one') found.push((root['$defs'] as JsonObject)['one']);
      if (Array.isArray(allOf)) found.push(...(allOf as JsonValue[]));
      for (const list of [anyOf, oneOf]) {
        if (Array.isArray(list)) found.push(this.random.pick(list as JsonValue[]));
      }
      if (this.random.chance(0.5)) found.push(condition, then);
      else found.push(otherwise);
      return [schema, ...this.flatten(found, root, level + 1)];
    });
  }

  private object(all: readonly JsonObject[], root: JsonObject, level: number): JsonValue {
    const { random } = this;
    const names = new Set<string>();
    for (const { required, properties, minProperties } of all) {
      for (const one of Array.isArray(required) ? (required as string[]) : []) {
        if (random.chance(0.97)) names.add(one);
      }
      for (const one of isJsonObject(properties) ? Object.keys(properties) : []) {
        if (random.chance(0.6)) names.add(one);
      }
      const least = typeof minProperties === 'number' ? minProperties : 0;
      while (names.size < least) names.add(random.pick(namesOften) ?? 'a');
    }
    for (const one of namesOften) if (random.chance(0.12)) names.add(one);
    return Object.fromEntries(
      [...names].map((name) => {
        const schemas = all.flatMap((schema) => schemasFor(schema, name));
        return [name, this.by(schemas, root, level + 1)];
      }),
    );
  }

  private array(
    all: readonly JsonObject[],
    { minItems, maxItems }: JsonObject,
    root: JsonObject,
    level: number,
  ): JsonValue {
    const { random } = this;
    const least = typeof minItems === 'number' ? minItems : 0;
    const most = typeof maxItems === 'number' ? Math.max(least, maxItems) : least + 3;
    const count = least + random.below(most - least + 1);
    return Array.from({ length: count }, (_, at) => {
      const schemas = all.flatMap(({ prefixItems, items, additionalItems, contains }) => {
        const prefix = Array.isArray(items) ? items : Array.isArray(prefixItems) ? prefixItems : [];
        const rest = Array.isArray(items) ? additionalItems : items;
        const own = at < prefix.length ? (prefix[at] as JsonValue) : rest;
        return random.chance(0.4) ? [own, contains] : [own];
      });
      return this.by(schemas, root, level + 1);
    });
  }

  private string({ minLength, maxLength, pattern, format }: JsonObject): JsonValue {
    const { random } = this;
    if (format === 'date') return '2026-01-02';
    if (format === 'ipv4') return '10.0.0.1';
    const least = typeof minLength === 'number' ? minLength : 0;
    const most = typeof maxLength === 'number' ? Math.max(maxLength, least) : least + 3;
    const length = least + random.below(most - least + 1);
    const starts: Record<string, string> = { '^a': 'a', '^x-': 'x-', '[0-9]': '7' };
    if (pattern === 'b$') return 'c'.repeat(Math.max(0, length - 1)) + 'b';
    const start = typeof pattern === 'string' ? (starts[pattern] ?? '') : '';
    return start + 'b'.repeat(Math.max(0, length - start.length));
  }

  private number({
    minimum,
    maximum,
    exclusiveMinimum,
    exclusiveMaximum,
    multipleOf,
  }: JsonObject): JsonValue {
    const { random } = this;
    const marks = [minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...this.constants].filter(
      (one) => typeof one === 'number',
    );
    if (random.chance(0.04)) return random.pick(numbersAtTheEnds) ?? 0;
    const near =
      (random.pick([...marks, 0]) ?? 0) + (random.pick([0, 0, 1, -1, 0.5, -0.5, 7]) ?? 0);
    const multiple = typeof multipleOf === 'number' ? multipleOf : 0;
    return multiple > 0 && random.chance(0.8) ? Math.round(near / multiple) * multiple : near;
  }

  private anything(): JsonValue {
    const { random } = this;
    const choice = random.below(10);
    if (choice === 0) return {};
    if (choice === 1) return [];
    if (choice === 2) return [random.pick(scalars) ?? null, random.pick(scalars) ?? null];
    if (choice === 3) return { [random.pick(namesOften) ?? 'a']: random.pick(scalars) ?? null };
    return random.pick(choice < 7 ? scalars : this.constants) ?? null;
  }

  /** The value with one part of it changed. */
  private near(value: JsonValue): JsonValue {
    const { random } = this;
    if (Array.isArray(value)) {
      const items = [...(value as JsonValue[])];
      const at = random.below(items.length + 1);
      if (random.chance(0.3)) items.splice(at, 1);
      else
        items[at] =
          at < items.length && random.chance(0.5) ? this.near(items[at] ?? null) : this.anything();
      return items;
    }
    if (isJsonObject(value)) {
      const name = random.pick([...Object.keys(value), ...namesOften]) ?? 'a';
      const { [name]: old, ...rest } = value;
      if (random.chance(0.3)) return rest;
      return {
        ...rest,
        [name]: old !== undefined && random.chance(0.5) ? this.near(old) : this.anything(),
      };
    }
    return this.anything();
  }
}

function schemasFor(schema: JsonObject, name: string): (JsonValue | undefined)[] {
  const { properties, patternProperties, additionalProperties } = schema;
  const found: (JsonValue | undefined)[] = [];
  if (isJsonObject(properties) && Object.hasOwn(properties, name)) found.push(properties[name]);
  for (const [pattern, one] of isJsonObject(patternProperties)
    ? Object.entries(patternProperties)
    : []) {
    if (new RegExp(pattern, 'u').test(name)) found.push(one);
  }
  return found.length > 0 ? found : [additionalProperties];
}

function constantsIn(value: JsonValue | undefined): JsonValue[] {
  if (Array.isArray(value)) return (value as JsonValue[]).flatMap(constantsIn);
  if (isJsonObject(value)) return Object.values(value).flatMap(constantsIn);
  return value === undefined ? [] : [value];
}
