import { isJsonObject, ownMember, pointerOf } from '../../../domain/index.js';
import type { JsonObject, JsonValue } from '../../../domain/index.js';
import { isSchema } from '../../jsonSchema.js';
import type { JsonSchema } from '../../jsonSchema.js';
import { DocumentReferences } from '../../references.js';

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
  private readonly references: DocumentReferences;

  constructor(
    schema: JsonSchema,
    private readonly ids: NodeIds,
  ) {
    this.draft = draftOf(schema);
    this.references = new DocumentReferences(schema);
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
    const target = this.references.resolve(ref);
    return target && this.node(target.schema, target.pointer);
  }
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

function draftOf(schema: JsonSchema): Draft {
  const uri = typeof schema === 'boolean' ? undefined : schema['$schema'];
  return typeof uri === 'string' && uri.includes('draft-07') ? 'draft-07' : '2020-12';
}
