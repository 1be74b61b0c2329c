import { isJsonObject, ownMember } from '../../domain/index.js';
import type { JsonObject, JsonValue } from '../../domain/index.js';
import type { JsonSchema } from '../jsonSchema.js';
import { commentOf } from './comment.js';
import { asSchema, schemasOf } from './schemaDocument.js';
import type { PlacedSchema } from '../references.js';
import type { SchemaDocument } from './schemaDocument.js';
import { allKinds, anyOfKinds, intersect, kind, kindsOf, nodesOf, unite } from './shape.js';
import type { MemberType, Shape, TypeNode } from './shape.js';

/** Items of a tuple that are told one by one. */
const tupleItemsMax = 16;
/** How much is written for items that are all alike, but must be there. */
const alikeNodesMax = 16;
/** Definitions that are written out where they are referred to, because the type there is narrower. */
const writtenOutMax = 100;

const kindsOfType: Readonly<Record<string, number>> = {
  ...kind,
  integer: kind.number,
};

/**
 * The types of the schemas of one document. They are upper bounds: what is valid is always in them, and
 * what can't be said in TypeScript is left out.
 */
export class SchemaShapes {
  readonly #document: SchemaDocument;
  readonly #writtenOut = new Set<string>();
  #writtenOutLeft = writtenOutMax;
  readonly #kinds = new Map<string, number>();
  readonly #endless = new Map<string, boolean>();

  constructor(document: SchemaDocument) {
    this.#document = document;
  }

  /** Of what is valid among values of some kinds. */
  shapeOf(schema: JsonSchema, kinds: number = allKinds): Shape {
    if (typeof schema === 'boolean') return schema ? anyOfKinds(kinds) : [];
    const reference = ownMember(schema, '$ref');
    if (typeof reference !== 'string') return this.#shapeOfKeywords(schema, kinds);
    const referred = this.#referredShape(reference, kinds & typesOf(schema));
    if (!this.#document.countsSiblings) return this.#referredShape(reference, kinds);
    return intersect(referred, this.#shapeOfKeywords(schema, kindsOf(referred)));
  }

  /** The type that a named schema stands for. */
  namedShape(target: PlacedSchema): Shape {
    return this.#isEndless(target) ? anyOfKinds(allKinds) : this.shapeOf(target.schema);
  }

  #shapeOfKeywords(schema: JsonObject, kinds: number): Shape {
    const within = kinds & typesOf(schema);
    const values = valuesOf(schema);
    let shape = values === undefined ? this.#structure(schema, within) : unite(values.map(literal));
    shape = shape.filter((alternative) => alternative.kinds & within);
    for (const part of schemasOf(schema, 'allOf') ?? []) {
      shape = intersect(shape, this.shapeOf(part, kindsOf(shape)));
    }
    for (const keyword of ['anyOf', 'oneOf']) {
      const branches = schemasOf(schema, keyword);
      if (branches === undefined) continue;
      const possible = kindsOf(shape);
      shape = intersect(shape, unite(branches.map((branch) => this.shapeOf(branch, possible))));
    }
    return shape;
  }

  #structure(schema: JsonObject, kinds: number): Shape {
    return anyOfKinds(kinds).map((alternative) => {
      if (alternative.kinds === kind.array) {
        return { ...alternative, node: this.#arrayNode(schema) ?? alternative.node };
      }
      if (alternative.kinds !== kind.object) return alternative;
      return { ...alternative, node: this.#objectNode(schema) ?? alternative.node };
    });
  }

  /** Undefined where any object is in it. */
  #objectNode(schema: JsonObject): TypeNode | undefined {
    const additional = ownMember(schema, 'additionalProperties');
    const properties = sortedMembers(ownMember(schema, 'properties'));
    const patterns = sortedMembers(ownMember(schema, 'patternProperties'));
    const required = textsOf(ownMember(schema, 'required'));
    // A member that no name is given for is one of these.
    const others = unite([
      this.shapeOf(asSchema(additional)),
      ...patterns.map(([, pattern]) => this.shapeOf(asSchema(pattern))),
    ]);
    const members = new Map<string, MemberType>();
    for (const [name, value] of properties) {
      const shape = this.shapeOf(asSchema(value));
      members.set(name, { shape, isOptional: !required.has(name), comment: commentOf(value) });
    }
    for (const name of [...required].sort()) {
      if (!members.has(name)) members.set(name, { shape: others, isOptional: false, comment: [] });
    }
    const isClosed = additional === false && patterns.length === 0;
    const saysNothing = additional === undefined && patterns.length === 0;
    if (members.size === 0 && (saysNothing || isAnything(others))) return undefined;
    const index = saysNothing || (isClosed && members.size > 0) ? undefined : others;
    return { type: 'object', members, index };
  }

  /** Undefined where any array is in it. */
  #arrayNode(schema: JsonObject): TypeNode | undefined {
    const { items, rest } = this.#itemsOf(schema);
    const max = countOf(schema, 'maxItems') ?? Infinity;
    const required = Math.min(countOf(schema, 'minItems') ?? 0, max);
    const restShape = this.shapeOf(rest);
    const shapeAt = (at: number): Shape => this.shapeOf(items[at] ?? rest);
    const alike = Math.max(required - items.length, 0) * nodesOf(restShape);
    const told = required <= tupleItemsMax && alike <= alikeNodesMax ? required : 0;
    const more = items.slice(told, max).map((item) => this.shapeOf(item));
    // What may be missing is told as the rest: with `?` TypeScript would take undefined for it, too.
    const others = unite([...more, Math.max(items.length, told) < max ? restShape : []]);
    if (told > 0 || others.length === 0) {
      const shapes = Array.from({ length: told }, (_, at) => shapeAt(at));
      return { type: 'tuple', items: shapes, rest: others.length === 0 ? undefined : others };
    }
    return isAnything(others) ? undefined : { type: 'array', item: others };
  }

  #itemsOf(schema: JsonObject): { items: readonly JsonSchema[]; rest: JsonSchema } {
    const prefix = this.#document.hasPrefixItems ? schemasOf(schema, 'prefixItems') : undefined;
    const listed = schemasOf(schema, 'items');
    if (prefix !== undefined && listed === undefined) {
      return { items: prefix, rest: asSchema(ownMember(schema, 'items')) };
    }
    if (listed === undefined) return { items: [], rest: asSchema(ownMember(schema, 'items')) };
    return { items: listed, rest: asSchema(ownMember(schema, 'additionalItems')) };
  }

  #referredShape(reference: string, kinds: number): Shape {
    const target = this.#document.resolve(reference);
    if (target === undefined || this.#isEndless(target)) return anyOfKinds(kinds);
    const { pointer, schema } = target;
    const possible = this.#possibleKinds(target) & kinds;
    if (possible === 0) return [];
    const isNarrower = possible !== this.#possibleKinds(target);
    if (!isNarrower || this.#writtenOut.has(pointer) || this.#writtenOutLeft === 0) {
      return [{ kinds: possible, node: { type: 'reference', pointer } }];
    }
    this.#writtenOutLeft -= 1;
    this.#writtenOut.add(pointer);
    const shape = this.shapeOf(schema, possible);
    this.#writtenOut.delete(pointer);
    return shape;
  }

  /** The kinds of values that may be valid, without a look at what is in them. */
  #possibleKinds({ pointer, schema }: PlacedSchema): number {
    const known = this.#kinds.get(pointer);
    if (known !== undefined) return known;
    // Referred to from within itself, it may be anything.
    this.#kinds.set(pointer, allKinds);
    const kinds = this.#kindsIn(schema);
    this.#kinds.set(pointer, kinds);
    return kinds;
  }

  #kindsIn(schema: JsonSchema): number {
    if (typeof schema === 'boolean') return schema ? allKinds : 0;
    const reference = ownMember(schema, '$ref');
    const target = typeof reference === 'string' ? this.#document.resolve(reference) : undefined;
    const referred = target === undefined ? allKinds : this.#possibleKinds(target);
    if (typeof reference === 'string' && !this.#document.countsSiblings) return referred;
    const values = valuesOf(schema);
    let kinds = referred & typesOf(schema);
    if (values !== undefined) kinds &= kindsOf(values.flatMap(literal));
    for (const part of schemasOf(schema, 'allOf') ?? []) kinds &= this.#kindsIn(part);
    for (const keyword of ['anyOf', 'oneOf']) {
      const branches = schemasOf(schema, keyword);
      if (branches === undefined) continue;
      kinds &= branches.reduce((sum, branch) => sum | this.#kindsIn(branch), 0);
    }
    return kinds;
  }

  /** Whether it is defined by itself, about the same value, which TypeScript refuses. */
  #isEndless(target: PlacedSchema): boolean {
    const known = this.#endless.get(target.pointer);
    if (known !== undefined) return known;
    const seen = new Set<string>();
    const reaches = (schema: JsonSchema): boolean => {
      if (typeof schema === 'boolean') return false;
      const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((name) => schemasOf(schema, name) ?? []);
      const reference = ownMember(schema, '$ref');
      const next = typeof reference === 'string' ? this.#document.resolve(reference) : undefined;
      if (next?.pointer === target.pointer) return true;
      if (next !== undefined && !seen.has(next.pointer)) {
        seen.add(next.pointer);
        parts.push(next.schema);
      }
      return parts.some(reaches);
    };
    const isEndless = reaches(target.schema);
    this.#endless.set(target.pointer, isEndless);
    return isEndless;
  }
}

function typesOf(schema: JsonObject): number {
  const type = ownMember(schema, 'type');
  const names = Array.isArray(type) ? (type as readonly JsonValue[]) : [type];
  const bits = names.map((name) => (typeof name === 'string' ? kindsOfType[name] : undefined));
  const known = bits.every((bit) => bit !== undefined) ? bits : [allKinds];
  return known.reduce((sum, bit) => sum | bit, 0);
}

/** The values that are named one by one. */
function valuesOf(schema: JsonObject): readonly JsonValue[] | undefined {
  const only = ownMember(schema, 'const');
  if (only !== undefined) return [only];
  const values = ownMember(schema, 'enum');
  // The narrowing of a readonly array by isArray is any[].
  return Array.isArray(values) ? (values as readonly JsonValue[]) : undefined;
}

function literal(value: JsonValue): Shape {
  if (value === null) return anyOfKinds(kind.null);
  if (typeof value === 'boolean')
    return [{ kinds: kind.boolean, node: { type: 'literal', value } }];
  if (typeof value === 'string') return [{ kinds: kind.string, node: { type: 'literal', value } }];
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return anyOfKinds(kind.number);
    return [{ kinds: kind.number, node: { type: 'literal', value } }];
  }
  if (isJsonObject(value)) return [{ kinds: kind.object, node: literalObject(value) }];
  const items = value.map(literal);
  const node: TypeNode = { type: 'tuple', items, rest: undefined };
  return [{ kinds: kind.array, node }];
}

function literalObject(value: JsonObject): TypeNode {
  const members = sortedMembers(value).map(([name, member]): [string, MemberType] => [
    name,
    { shape: literal(member), isOptional: false, comment: [] },
  ]);
  const index = members.length === 0 ? [] : undefined;
  return { type: 'object', members: new Map(members), index };
}

function sortedMembers(value: JsonValue | undefined): [string, JsonValue][] {
  if (!isJsonObject(value)) return [];
  const members = Object.entries(value).flatMap(([name, member]): [string, JsonValue][] =>
    member === undefined ? [] : [[name, member]],
  );
  return members.sort(([a], [b]) => (a < b ? -1 : 1));
}

function textsOf(value: JsonValue | undefined): ReadonlySet<string> {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [];
  return new Set(list.filter((text): text is string => typeof text === 'string'));
}

function countOf(schema: JsonObject, name: string): number | undefined {
  const value = ownMember(schema, name);
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function isAnything(shape: Shape): boolean {
  return kindsOf(shape.filter(({ node }) => node.type === 'any')) === allKinds;
}
