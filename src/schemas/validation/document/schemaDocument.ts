import { pointerOf, type JsonValue } from '../../../domain/index.js';
import { isSchema, type JsonSchema } from '../../jsonSchema.js';
import { decodeFragment } from '../../references.js';
import { applicatorOf, type Applicator, type Dialect } from './keywords.js';
import { schemaDepthMax, subschemasMax } from '../limits.js';
import { quote, type Refuse } from './refusal.js';

/** One subschema where it is written. */
export interface Subschema {
  readonly schema: JsonSchema;
  /** JSON pointer from the root of the document. */
  readonly pointer: string;
  /** What a `$ref` in it is relative to. */
  readonly base: string;
  readonly children: readonly Child[];
}

export interface Child {
  readonly keyword: string;
  /** Its name or index; undefined where the keyword holds one subschema. */
  readonly key: string | undefined;
  readonly place: Applicator['place'];
  readonly subschema: Subschema;
}

/** A schema with what its references can name. */
export interface SchemaDocument {
  readonly dialect: Dialect;
  readonly root: Subschema;
  /** All subschemas by pointer, in the order of the document. */
  readonly subschemas: ReadonlyMap<string, Subschema>;
  /** Roots by absolute URI: of the document, and of each `$id`. */
  readonly resources: ReadonlyMap<string, Subschema>;
  /** By URI and `#name`. */
  readonly anchors: ReadonlyMap<string, Subschema>;
}

/** Base of a document without `$id`. */
const documentUri = 'schema://document/';

/** Takes a schema that its meta-schema finds valid apart; refuses one that is too large. */
export function readDocument(schema: JsonSchema, dialect: Dialect, refuse: Refuse): SchemaDocument {
  const reader = new DocumentReader(dialect, refuse);
  const root = reader.read(schema, { pointer: '', base: documentUri, depth: 1 });
  // The document is reached without its `$id`, too.
  if (!reader.resources.has(root.base)) reader.resources.set(root.base, root);
  return {
    dialect,
    root,
    subschemas: reader.subschemas,
    resources: reader.resources,
    anchors: reader.anchors,
  };
}

interface Position {
  readonly pointer: string;
  readonly base: string;
  readonly depth: number;
}

class DocumentReader {
  readonly subschemas = new Map<string, Subschema>();
  readonly resources = new Map<string, Subschema>();
  readonly anchors = new Map<string, Subschema>();

  constructor(
    private readonly dialect: Dialect,
    private readonly refuse: Refuse,
  ) {}

  read(schema: JsonSchema, { pointer, base, depth }: Position): Subschema {
    this.#checkSize(pointer, depth);
    const own = typeof schema === 'boolean' ? undefined : this.#ownUri(schema, pointer, base);
    const children: Child[] = [];
    const subschema: Subschema = { schema, pointer, base: own ?? base, children };
    this.subschemas.set(pointer, subschema);
    if (typeof schema === 'boolean') return subschema;
    if (own !== undefined) this.#name(this.resources, own, subschema);
    this.#takeAnchors(schema, subschema);
    for (const [keyword, value] of Object.entries(schema)) {
      const applicator = applicatorOf(keyword, this.dialect);
      if (applicator === undefined) continue;
      for (const [key, child] of membersOf(value, applicator.shape)) {
        const path = key === undefined ? [keyword] : [keyword, key];
        const at = { pointer: pointer + pointerOf(path), base: subschema.base, depth: depth + 1 };
        const place = keyword === 'items' && key !== undefined ? 'part' : applicator.place;
        children.push({ keyword, key, place, subschema: this.read(child, at) });
      }
    }
    return subschema;
  }

  #checkSize(pointer: string, depth: number): void {
    if (depth > schemaDepthMax) {
      this.refuse(
        pointer,
        `expected at most ${schemaDepthMax} levels of subschemas, got more; move inner ones to ` +
          `definitions and name them by $ref`,
      );
    }
    if (this.subschemas.size >= subschemasMax) {
      this.refuse('', `expected at most ${subschemasMax} subschemas, got more; split the schema`);
    }
  }

  #ownUri(schema: Exclude<JsonSchema, boolean>, pointer: string, base: string): string | undefined {
    const id = schema['$id'];
    // Beside `$ref` draft-07 ignores all other keywords.
    if (typeof id !== 'string' || id.startsWith('#') || this.#isShadowed(schema)) return undefined;
    const uri = resolveUri(id, base);
    if (uri !== undefined) return withoutFragment(uri);
    return this.refuse(`${pointer}/$id`, `expected a URI, got ${quote(id)}; correct it`);
  }

  #takeAnchors(schema: Exclude<JsonSchema, boolean>, subschema: Subschema): void {
    if (this.#isShadowed(schema)) return;
    const id = schema['$id'];
    const names =
      this.dialect === 'draft-07'
        ? [typeof id === 'string' && id.startsWith('#') ? id.slice(1) : undefined]
        : [schema['$anchor'], schema['$dynamicAnchor']];
    for (const name of new Set(names)) {
      if (typeof name !== 'string' || name === '') continue;
      this.#name(this.anchors, `${subschema.base}#${name}`, subschema);
    }
  }

  #isShadowed(schema: Exclude<JsonSchema, boolean>): boolean {
    return this.dialect === 'draft-07' && typeof schema['$ref'] === 'string';
  }

  #name(names: Map<string, Subschema>, name: string, subschema: Subschema): void {
    if (names.has(name)) {
      this.refuse(
        subschema.pointer,
        `expected ids and anchors that differ, got ${quote(name)} twice; rename one`,
      );
    }
    names.set(name, subschema);
  }
}

/** Subschemas in the value of an applicator; what is none, as a list of names in `dependencies`, is left out. */
function membersOf(
  value: JsonValue | undefined,
  shape: Applicator['shape'],
): [string | undefined, JsonSchema][] {
  if (shape === 'one' || (shape === 'oneOrList' && !Array.isArray(value))) {
    return isSchema(value) ? [[undefined, value]] : [];
  }
  if (Array.isArray(value) !== (shape !== 'map')) return [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]: [string, JsonValue | undefined]) =>
    isSchema(member) ? [[key, member]] : [],
  );
}

function resolveUri(reference: string, base: string): string | undefined {
  return URL.canParse(reference, base) ? new URL(reference, base).href : undefined;
}

const withoutFragment = (uri: string): string => uri.replace(/#.*$/s, '');

/** What a reference names inside the document; undefined where that is no subschema of it. */
export function resolveReference(
  document: SchemaDocument,
  reference: string,
  from: Subschema,
): Subschema | undefined {
  const uri = resolveUri(reference, from.base);
  if (uri === undefined) return undefined;
  const resource = withoutFragment(uri);
  const fragment = decodeFragment(uri.slice(resource.length + 1));
  const root = document.resources.get(resource);
  if (fragment === '') return root;
  if (fragment?.startsWith('/') !== true) return document.anchors.get(`${resource}#${fragment}`);
  return root === undefined ? undefined : document.subschemas.get(root.pointer + fragment);
}
