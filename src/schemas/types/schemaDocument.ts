import { isJsonObject, ownMember, pointerOf } from '../../domain/index.js';
import type { JsonObject, JsonValue } from '../../domain/index.js';
import type { JsonSchema } from '../jsonSchema.js';

/** Keywords whose members have names of their own, so that a definition is not named after them. */
const namingKeywords: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);

/** A schema in its document, with the pointer to it. */
export interface Target {
  /** `#` is the document itself. */
  readonly pointer: string;
  readonly schema: JsonSchema;
  readonly segments: readonly string[];
}

/** One document of a schema, in which references are looked up. */
export class SchemaDocument {
  readonly root: JsonSchema;
  /** Whether what stands beside a `$ref` counts: not so before 2019-09. */
  readonly countsSiblings: boolean;
  /** Whether `prefixItems` is a keyword. */
  readonly hasPrefixItems: boolean;
  readonly #id: string;
  /** A schema with an id of its own changes what references mean, so none is looked up. */
  readonly #hasInnerIds: boolean;

  constructor(root: JsonSchema) {
    this.root = root;
    const dialect = textMember(root, '$schema');
    this.countsSiblings = /\/20(19-09|20-12)\//.test(dialect);
    this.hasPrefixItems = !/draft-0\d/.test(dialect);
    this.#id = textMember(root, '$id').replace(/#$/, '');
    this.#hasInnerIds = isJsonObject(root) && membersOf(root).some(hasId);
  }

  /** What a reference points to; undefined where that is not in this document. */
  resolve(reference: string): Target | undefined {
    if (this.#hasInnerIds) return undefined;
    const isWhole = this.#id !== '' && reference.startsWith(this.#id);
    const fragment = isWhole ? reference.slice(this.#id.length) || '#' : reference;
    const segments = segmentsOf(fragment);
    return segments && this.#at(segments);
  }

  #at(segments: readonly string[]): Target | undefined {
    let at: JsonValue | undefined = this.root;
    for (const segment of segments) at = at === undefined ? at : childOf(at, segment);
    if (typeof at !== 'boolean' && !isJsonObject(at)) return undefined;
    return { pointer: `#${pointerOf(segments)}`, schema: at, segments };
  }

  /** The definitions of the document, and all that is referred to, by pointer. */
  namedTargets(): ReadonlyMap<string, Target> {
    const references: string[] = [];
    collectReferences(this.root, references);
    const targets = references.map((reference) => this.resolve(reference));
    for (const keyword of ['$defs', 'definitions']) {
      const definitions = isJsonObject(this.root) ? ownMember(this.root, keyword) : undefined;
      if (!isJsonObject(definitions)) continue;
      targets.push(...Object.keys(definitions).map((name) => this.#at([keyword, name])));
    }
    const found = targets.flatMap((target) => (target === undefined ? [] : [target]));
    return new Map(
      found.filter(({ pointer }) => pointer !== '#').map((target) => [target.pointer, target]),
    );
  }
}

/** What a target is named after. */
export function wordsOf({ segments }: Target): string {
  return segments.filter((segment) => !namingKeywords.has(segment)).join(' ');
}

/** The names of a pointer in a fragment; undefined where it is none. */
function segmentsOf(fragment: string): readonly string[] | undefined {
  if (fragment === '#') return [];
  if (!fragment.startsWith('#/')) return undefined;
  try {
    return fragment
      .slice(2)
      .split('/')
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
  } catch {
    // A `%` that encodes nothing.
    return undefined;
  }
}

function childOf(value: JsonValue, name: string): JsonValue | undefined {
  if (isJsonObject(value)) return ownMember(value, name);
  // The narrowing of a readonly array by isArray is any[].
  return Array.isArray(value) && /^\d+$/.test(name)
    ? (value as readonly JsonValue[])[Number(name)]
    : undefined;
}

function textMember(schema: JsonSchema, name: string): string {
  const value = isJsonObject(schema) ? ownMember(schema, name) : undefined;
  return typeof value === 'string' ? value : '';
}

function membersOf(value: JsonValue): JsonValue[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter((member): member is JsonValue => member !== undefined);
}

function hasId(value: JsonValue): boolean {
  const id = isJsonObject(value) ? textMember(value, '$id') : '';
  return (id !== '' && !id.startsWith('#')) || membersOf(value).some(hasId);
}

function collectReferences(value: JsonValue, found: string[]): void {
  if (isJsonObject(value)) {
    const reference = textMember(value, '$ref');
    if (reference !== '') found.push(reference);
  }
  for (const member of membersOf(value)) collectReferences(member, found);
}

/** Members that are schemas of the same value as the schema itself. */
export function schemasOf(schema: JsonObject, keyword: string): readonly JsonSchema[] | undefined {
  const list = ownMember(schema, keyword);
  // The narrowing of a readonly array by isArray is any[].
  return Array.isArray(list) ? (list as readonly JsonValue[]).map(asSchema) : undefined;
}

/** What is no schema says nothing. */
export function asSchema(value: JsonValue | undefined): JsonSchema {
  return typeof value === 'boolean' || isJsonObject(value) ? value : true;
}
