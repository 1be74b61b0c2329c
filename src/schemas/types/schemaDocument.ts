import { isJsonObject, namesOfPointer, ownMember } from '../../domain/index.js';
import type { JsonObject, JsonValue } from '../../domain/index.js';
import { isSchema } from '../jsonSchema.js';
import type { JsonSchema } from '../jsonSchema.js';
import { DocumentReferences } from '../references.js';
import type { PlacedSchema } from '../references.js';

/** Keywords whose members have names of their own, so that a definition is not named after them. */
const namingKeywords: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);

/** One document of a schema, in which references are looked up. */
export class SchemaDocument {
  readonly root: JsonSchema;
  /** Whether what stands beside a `$ref` counts: not so before 2019-09. */
  readonly countsSiblings: boolean;
  /** Whether `prefixItems` is a keyword. */
  readonly hasPrefixItems: boolean;
  readonly #references: DocumentReferences;

  constructor(root: JsonSchema) {
    this.root = root;
    const dialect = textMember(root, '$schema');
    this.countsSiblings = /\/20(19-09|20-12)\//.test(dialect);
    this.hasPrefixItems = !/draft-0\d/.test(dialect);
    this.#references = new DocumentReferences(root);
  }

  /** What a reference points to; undefined where that is not in this document. */
  resolve(reference: string): PlacedSchema | undefined {
    return this.#references.resolve(reference);
  }

  /** The definitions of the document, and all that is referred to, by pointer. */
  namedTargets(): ReadonlyMap<string, PlacedSchema> {
    const references: string[] = [];
    collectReferences(this.root, references);
    const targets = references.map((reference) => this.resolve(reference));
    for (const keyword of ['$defs', 'definitions']) {
      const definitions = isJsonObject(this.root) ? ownMember(this.root, keyword) : undefined;
      if (!isJsonObject(definitions)) continue;
      targets.push(...Object.keys(definitions).map((name) => this.#references.at([keyword, name])));
    }
    const found = targets.flatMap((target) => (target === undefined ? [] : [target]));
    return new Map(
      found.filter(({ pointer }) => pointer !== '').map((target) => [target.pointer, target]),
    );
  }
}

/** What a target is named after. */
export function wordsOf({ pointer }: PlacedSchema): string {
  return namesOfPointer(pointer)
    .filter((name) => !namingKeywords.has(name))
    .join(' ');
}

function textMember(schema: JsonSchema, name: string): string {
  const value = isJsonObject(schema) ? ownMember(schema, name) : undefined;
  return typeof value === 'string' ? value : '';
}

function membersOf(value: JsonValue): JsonValue[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter((member): member is JsonValue => member !== undefined);
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
  return isSchema(value) ? value : true;
}
