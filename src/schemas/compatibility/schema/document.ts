import { isJsonObject, namesOfPointer, ownMember, pointerOf } from '../../../domain/index.js';
import type { JsonObject, JsonValue } from '../../../domain/index.js';
import type { JsonSchema } from '../../jsonSchema.js';

export type Draft = 'draft-07' | '2020-12';

/** A schema at its place in a document. Nodes with the same id are the same schema. */
export interface SchemaNode {
  readonly id: number;
  readonly schema: JsonSchema;
  readonly pointer: string;
  readonly document: SchemaDocument;
}

/** Numbers for the nodes of both documents; `true` and `false` have one each. */
export class NodeIds {
  private last = 1;

  next(): number {
    this.last += 1;
    return this.last;
  }
}

/** A schema with all that its references can lead to. References to other documents lead nowhere. */
export class SchemaDocument {
  readonly draft: Draft;
  readonly root: SchemaNode;
  private readonly nodes = new Map<JsonObject, SchemaNode>();
  private readonly made = new Map<string, SchemaNode>();
  private readonly places: Places;

  constructor(
    private readonly schema: JsonSchema,
    private readonly ids: NodeIds,
  ) {
    this.draft = draftOf(schema);
    this.places = placesOf(schema);
    this.root = this.node(schema, '');
  }

  node(schema: JsonSchema, pointer: string): SchemaNode {
    if (typeof schema === 'boolean') return { id: schema ? 1 : 0, schema, pointer, document: this };
    const known = this.nodes.get(schema);
    if (known !== undefined) return known;
    const heard = this.withoutIgnored(schema);
    const node = { id: this.ids.next(), schema: heard, pointer, document: this };
    this.nodes.set(schema, node);
    this.nodes.set(heard, node);
    return node;
  }

  /** In draft-07 a `$ref` stands alone: nothing beside it says anything. */
  private withoutIgnored(schema: JsonObject): JsonObject {
    const reference = ownMember(schema, '$ref');
    if (this.draft !== 'draft-07' || typeof reference !== 'string') return schema;
    return { $ref: reference };
  }

  /** A schema that stands in no document, made once for its name. */
  makeNode(name: string, pointer: string, make: () => JsonObject): SchemaNode {
    let node = this.made.get(name);
    if (node === undefined) this.made.set(name, (node = this.node(make(), pointer)));
    return node;
  }

  /** What a `$ref` leads to; undefined where that is no schema of this document. */
  resolve(ref: JsonValue | undefined): SchemaNode | undefined {
    if (typeof ref !== 'string' || this.places.hasInnerIds) return undefined;
    // What follows the first `#` is the fragment, with further ones in it.
    const [, base = '', fragment = ''] = /^([^#]*)#?(.*)$/s.exec(ref) ?? [];
    if (base !== '' && base !== this.places.id) return undefined;
    if (fragment === '') return this.root;
    const pointer = fragment.startsWith('/') ? decode(fragment) : this.places.anchors.get(fragment);
    return pointer === undefined ? undefined : this.at(pointer);
  }

  private at(pointer: string): SchemaNode | undefined {
    // As it is written: a definition may stand beside a reference.
    let value: JsonValue | undefined = this.schema;
    for (const name of namesOfPointer(pointer)) {
      if (Array.isArray(value)) value = (value as readonly JsonValue[])[Number(name)];
      else value = isJsonObject(value) ? ownMember(value, name) : undefined;
    }
    return isSchema(value) ? this.node(value, pointer) : undefined;
  }
}

export function isSchema(value: JsonValue | undefined): value is JsonSchema {
  return typeof value === 'boolean' || isJsonObject(value);
}

export function pointerTo(pointer: string, ...tokens: readonly (string | number)[]): string {
  return pointer + pointerOf(tokens.map(String));
}

/** What a schema says for a keyword. */
export function keyword(node: SchemaNode, name: string): JsonValue | undefined {
  return typeof node.schema === 'boolean' ? undefined : ownMember(node.schema, name);
}

/** The schema that a keyword has. */
export function schemaAt(node: SchemaNode, name: string): SchemaNode | undefined {
  const value = keyword(node, name);
  return isSchema(value) ? node.document.node(value, pointerTo(node.pointer, name)) : undefined;
}

/** The schemas in the list of a keyword; none where it has no list. */
export function schemasIn(node: SchemaNode, name: string): readonly SchemaNode[] {
  const list = keyword(node, name);
  if (!Array.isArray(list)) return [];
  return (list as readonly JsonValue[]).map((value, at) =>
    node.document.node(isSchema(value) ? value : true, pointerTo(node.pointer, name, at)),
  );
}

/** The schemas that a keyword has by name; what is no schema is left out. */
export function schemasByName(node: SchemaNode, name: string): ReadonlyMap<string, SchemaNode> {
  const members = keyword(node, name);
  const found = new Map<string, SchemaNode>();
  if (!isJsonObject(members)) return found;
  for (const [key, value] of Object.entries(members)) {
    if (!isSchema(value)) continue;
    found.set(key, node.document.node(value, pointerTo(node.pointer, name, key)));
  }
  return found;
}

export function negationOf(node: SchemaNode): SchemaNode {
  const { document, schema, pointer } = node;
  return document.makeNode(`not ${node.id}`, pointer, () => ({ not: schema }));
}

interface Places {
  readonly id: string | undefined;
  readonly anchors: ReadonlyMap<string, string>;
  /** Whether a part has an `$id` of its own, from which its references would start. */
  readonly hasInnerIds: boolean;
}

/** Looks at everything in a document, whether it is a schema or a value. */
function placesOf(schema: JsonSchema): Places {
  const anchors = new Map<string, string>();
  let id: string | undefined;
  let hasInnerIds = false;
  const waiting: { readonly value: JsonValue | undefined; readonly pointer: string }[] = [
    { value: schema, pointer: '' },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, pointer } = next;
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, member] of Object.entries(value)) {
      waiting.push({ value: member, pointer: pointerTo(pointer, name) });
      if (typeof member !== 'string') continue;
      const anchor = name === '$anchor' ? `#${member}` : name === '$id' ? member : undefined;
      if (anchor === undefined) continue;
      if (anchor.startsWith('#') && !anchors.has(anchor.slice(1))) {
        anchors.set(anchor.slice(1), pointer);
      } else if (pointer === '') id = member.split('#')[0];
      else hasInnerIds = true;
    }
  }
  return { id, anchors, hasInnerIds };
}

function draftOf(schema: JsonSchema): Draft {
  const uri = typeof schema === 'boolean' ? undefined : schema['$schema'];
  return typeof uri === 'string' && uri.includes('draft-07') ? 'draft-07' : '2020-12';
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}
