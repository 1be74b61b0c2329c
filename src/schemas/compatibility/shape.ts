import type { JsonValue } from '../../domain/index.js';
import { isJsonObject } from '../../domain/index.js';
import { keyword, negationOf, schemaAt, schemasByName, schemasIn } from './schema/document.js';
import type { SchemaNode } from './schema/document.js';
import { allTypes, fractionBit, typeBits, typeOf, typesOf } from './schema/jsonTypes.js';

/** Further schemas that are left out: less is known then, which never makes a pair compatible. */
const conjunctsMax = 256;

/** Up to so many branches of a oneOf, one branch is known to be none of the others. */
const negationsMax = 8;

export interface Bound {
  readonly value: number;
  readonly isExclusive: boolean;
}

export interface ObjectRules {
  readonly properties: ReadonlyMap<string, SchemaNode>;
  readonly patterns: ReadonlyMap<string, SchemaNode>;
  readonly additional: SchemaNode | undefined;
}

export interface ArrayRules {
  readonly prefix: readonly SchemaNode[];
  readonly rest: SchemaNode | undefined;
}

/** What is known of a value that is valid under all schemas of a list. All of it holds, and there may be more. */
export interface Shape {
  /** With what `$ref` and `allOf` lead to. */
  readonly nodes: readonly SchemaNode[];
  readonly ids: ReadonlySet<number>;
  readonly isNever: boolean;
  /** The bits of its types. */
  types: number;
  /** The values where there are only some; a valid value is one of them. */
  members: readonly JsonValue[] | undefined;
  /** Whether an enum or a const lists them, and not the types. */
  isListed: boolean;
  lower: Bound | undefined;
  upper: Bound | undefined;
  readonly multiples: number[];
  /** `minLength`, `maxItems` and their like. */
  readonly counts: Map<string, number>;
  readonly patterns: Set<string>;
  readonly formats: Set<string>;
  isUnique: boolean;
  readonly required: Set<string>;
  readonly names: SchemaNode[];
  readonly objects: ObjectRules[];
  readonly arrays: ArrayRules[];
  readonly contains: SchemaNode[];
  /** One alternative of each is valid: all schemas in it. */
  readonly choices: (readonly (readonly SchemaNode[])[])[];
  readonly exclusions: SchemaNode[];
}

/** Puts together what schemas say about a value that is valid under all of them. */
export function makeShape(given: readonly SchemaNode[]): Shape {
  const nodes = new Map<number, SchemaNode>();
  const shape = emptyShape(nodes);
  flatten(given, nodes);
  for (let known = -1; known < nodes.size;) {
    known = nodes.size;
    addRequired(shape.required, nodes);
    flatten(dependentSchemas(shape.required, nodes), nodes);
  }
  const all = [...nodes.values()];
  for (const node of all) addNode(shape, node);
  // Of 1 only: the least fractions divided by 2 are 0, so that validation takes them for multiples of 2.
  if (shape.multiples.includes(1)) shape.types &= ~fractionBit;
  if (shape.members !== undefined) {
    shape.isListed = true;
    shape.types &= shape.members.reduce<number>((types, member) => types | typeOf(member), 0);
  } else if ((shape.types & ~(typeBits.null | typeBits.boolean)) === 0) {
    shape.members = plain(shape);
  }
  return { ...shape, nodes: all, ids: new Set(nodes.keys()), isNever: nodes.has(0) };
}

const knownObjectRules = new WeakMap<SchemaNode, ObjectRules>();

export function objectRulesOf(node: SchemaNode): ObjectRules {
  let rules = knownObjectRules.get(node);
  if (rules === undefined) {
    rules = {
      properties: schemasByName(node, 'properties'),
      patterns: schemasByName(node, 'patternProperties'),
      additional: schemaAt(node, 'additionalProperties'),
    };
    knownObjectRules.set(node, rules);
  }
  return rules;
}

export function arrayRulesOf(node: SchemaNode): ArrayRules {
  if (node.document.draft === '2020-12') {
    return { prefix: schemasIn(node, 'prefixItems'), rest: schemaAt(node, 'items') };
  }
  if (!Array.isArray(keyword(node, 'items'))) {
    return { prefix: [], rest: schemaAt(node, 'items') };
  }
  return { prefix: schemasIn(node, 'items'), rest: schemaAt(node, 'additionalItems') };
}

/** Whether `contains` refuses an empty array: beside a list of items, ajv takes one. */
export function asksForItem(node: SchemaNode): boolean {
  return arrayRulesOf(node).prefix.length === 0;
}

/** What is required when a name is there: by `dependentRequired`, and by lists in `dependencies`. */
export function dependentNames(node: SchemaNode): readonly DependentNames[] {
  const found: DependentNames[] = [];
  for (const word of node.document.draft === '2020-12'
    ? ['dependentRequired', 'dependencies']
    : ['dependencies']) {
    const members = keyword(node, word);
    if (!isJsonObject(members)) continue;
    for (const [name, names] of Object.entries(members)) {
      if (Array.isArray(names)) found.push({ word, name, names: textsOf(names) });
    }
  }
  return found;
}

interface DependentNames {
  readonly word: string;
  readonly name: string;
  readonly names: readonly string[];
}

/** What must be valid when a name is there. */
export function dependentNodes(node: SchemaNode): readonly (readonly [string, SchemaNode])[] {
  const words =
    node.document.draft === '2020-12' ? ['dependentSchemas', 'dependencies'] : ['dependencies'];
  return words.flatMap((word) => [...schemasByName(node, word)]);
}

export function textsOf(value: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly JsonValue[]).filter((text) => typeof text === 'string');
}

export function lowerBoundsOf(node: SchemaNode): readonly Bound[] {
  return boundsOf(node, 'minimum', 'exclusiveMinimum');
}

export function upperBoundsOf(node: SchemaNode): readonly Bound[] {
  return boundsOf(node, 'maximum', 'exclusiveMaximum');
}

function boundsOf(node: SchemaNode, inclusive: string, exclusive: string): Bound[] {
  return [inclusive, exclusive].flatMap((name) => {
    const value = keyword(node, name);
    return typeof value === 'number' ? [{ value, isExclusive: name === exclusive }] : [];
  });
}

function emptyShape(nodes: ReadonlyMap<number, SchemaNode>): Shape {
  return {
    nodes: [...nodes.values()],
    ids: new Set(),
    isNever: false,
    types: allTypes,
    members: undefined,
    isListed: false,
    lower: undefined,
    upper: undefined,
    multiples: [],
    counts: new Map(),
    patterns: new Set(),
    formats: new Set(),
    isUnique: false,
    required: new Set(),
    names: [],
    objects: [],
    arrays: [],
    contains: [],
    choices: [],
    exclusions: [],
  };
}

function flatten(given: readonly SchemaNode[], nodes: Map<number, SchemaNode>): void {
  const waiting = [...given];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.schema === true || nodes.has(node.id) || nodes.size >= conjunctsMax) continue;
    nodes.set(node.id, node);
    const target = node.document.resolve(keyword(node, '$ref'));
    if (target !== undefined) waiting.push(target);
    waiting.push(...schemasIn(node, 'allOf'));
  }
}

function addRequired(required: Set<string>, nodes: ReadonlyMap<number, SchemaNode>): void {
  const add = (names: readonly string[]): void => {
    for (const name of names) if (isEnforced(name)) required.add(name);
  };
  for (const node of nodes.values()) add(textsOf(keyword(node, 'required')));
  for (let known = -1; known < required.size;) {
    known = required.size;
    for (const node of nodes.values()) {
      for (const { name, names } of dependentNames(node)) if (required.has(name)) add(names);
    }
  }
}

/** Whether validation misses a name where it is required: not so the empty one, as ajv has it. */
export function isEnforced(name: string): boolean {
  return name !== '';
}

/** Of objects only, since another value has no names that are required. */
function dependentSchemas(
  required: ReadonlySet<string>,
  nodes: ReadonlyMap<number, SchemaNode>,
): SchemaNode[] {
  const isObject = [...nodes.values()].some((node) => typesOf(node) === typeBits.object);
  if (!isObject) return [];
  return [...nodes.values()].flatMap((node) =>
    dependentNodes(node)
      .filter(([name]) => required.has(name))
      .map(([, schema]) => schema),
  );
}

function addNode(shape: Shape, node: SchemaNode): void {
  shape.types &= typesOf(node);
  addMembers(shape, node);
  addBounds(shape, node);
  for (const name of ['minLength', 'minItems', 'minProperties']) addCount(shape, node, name);
  for (const name of ['maxLength', 'maxItems', 'maxProperties']) addCount(shape, node, name);
  addText(shape.patterns, keyword(node, 'pattern'));
  addText(shape.formats, keyword(node, 'format'));
  if (keyword(node, 'uniqueItems') === true) shape.isUnique = true;
  push(shape.names, schemaAt(node, 'propertyNames'));
  push(shape.exclusions, schemaAt(node, 'not'));
  // With minContains, none may do.
  if (keyword(node, 'minContains') === undefined && asksForItem(node))
    push(shape.contains, schemaAt(node, 'contains'));
  shape.objects.push(objectRulesOf(node));
  shape.arrays.push(arrayRulesOf(node));
  addChoices(shape, node);
}

function addMembers(shape: Shape, node: SchemaNode): void {
  const list = keyword(node, 'enum');
  if (Array.isArray(list)) shape.members ??= list as readonly JsonValue[];
  const value = keyword(node, 'const');
  if (value !== undefined) shape.members = [value];
}

function plain({ types }: Shape): readonly JsonValue[] {
  const values: JsonValue[] = (types & typeBits.null) === 0 ? [] : [null];
  return (types & typeBits.boolean) === 0 ? values : [...values, false, true];
}

function addBounds(shape: Shape, node: SchemaNode): void {
  for (const bound of lowerBoundsOf(node)) {
    if (isHigher(bound, shape.lower, 1)) shape.lower = bound;
  }
  for (const bound of upperBoundsOf(node)) {
    if (isHigher(bound, shape.upper, -1)) shape.upper = bound;
  }
  const multiple = keyword(node, 'multipleOf');
  if (typeof multiple === 'number') shape.multiples.push(multiple);
}

/** Whether a bound is tighter than another: higher with sign 1, lower with sign -1. */
function isHigher(bound: Bound, other: Bound | undefined, sign: 1 | -1): boolean {
  if (other === undefined) return true;
  const difference = (bound.value - other.value) * sign;
  return difference > 0 || (difference === 0 && bound.isExclusive);
}

function addCount({ counts }: Shape, node: SchemaNode, name: string): void {
  const value = keyword(node, name);
  if (typeof value !== 'number') return;
  const other = counts.get(name) ?? value;
  counts.set(name, name.startsWith('min') ? Math.max(value, other) : Math.min(value, other));
}

function addText(texts: Set<string>, value: JsonValue | undefined): void {
  if (typeof value === 'string') texts.add(value);
}

function push(nodes: SchemaNode[], node: SchemaNode | undefined): void {
  if (node !== undefined) nodes.push(node);
}

function addChoices({ choices }: Shape, node: SchemaNode): void {
  const any = schemasIn(node, 'anyOf');
  if (any.length > 0) choices.push(any.map((branch) => [branch]));
  const one = schemasIn(node, 'oneOf');
  if (one.length > 0) {
    const areFew = one.length <= negationsMax;
    choices.push(
      one.map((branch) => [
        branch,
        ...(areFew ? one.filter((other) => other !== branch).map(negationOf) : []),
      ]),
    );
  }
  const condition = schemaAt(node, 'if');
  if (condition === undefined) return;
  const [whenTrue, whenFalse] = [schemaAt(node, 'then'), schemaAt(node, 'else')];
  if (whenTrue === undefined && whenFalse === undefined) return;
  choices.push([
    whenTrue === undefined ? [condition] : [condition, whenTrue],
    whenFalse === undefined ? [negationOf(condition)] : [negationOf(condition), whenFalse],
  ]);
}
