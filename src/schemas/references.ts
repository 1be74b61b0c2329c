import { isJsonObject, namesOfPointer, ownMember, pointerOf } from '../domain/index.js';
import type { JsonValue } from '../domain/index.js';
import { isSchema } from './jsonSchema.js';
import type { JsonSchema } from './jsonSchema.js';

/** A schema where it is written in its document. */
export interface PlacedSchema {
  readonly schema: JsonSchema;
  /** JSON pointer from the root of the document. */
  readonly pointer: string;
}

/**
 * What the references of a document lead to, for those who take it as it is: all references start from its
 * root. Where a part has an `$id` of its own, or an anchor is there twice, none leads anywhere. (Validation refuses what it can't
 * resolve, and knows inner ids: see `validation/document`.)
 */
export class DocumentReferences {
  readonly #root: JsonSchema;
  /** `$id` of the root. */
  #id: string | undefined;
  /** Pointers by name. */
  readonly #anchors = new Map<string, string>();
  #isAmbiguous = false;

  constructor(root: JsonSchema) {
    this.#root = root;
    this.#readNames();
  }

  /** What a `$ref` leads to; undefined where that is no schema of this document. */
  resolve(reference: JsonValue | undefined): PlacedSchema | undefined {
    if (typeof reference !== 'string' || this.#isAmbiguous) return undefined;
    // What follows the first `#` is the fragment, with further ones in it.
    const [, base = '', encoded = ''] = /^([^#]*)#?(.*)$/s.exec(reference) ?? [];
    if (base !== '' && base !== this.#id) return undefined;
    const fragment = decodeFragment(encoded);
    const isPointer = fragment === '' || fragment?.startsWith('/') === true;
    const pointer = isPointer ? fragment : this.#anchors.get(fragment ?? '');
    return pointer === undefined ? undefined : this.at(namesOfPointer(pointer));
  }

  /** As it is written: a definition may stand beside a reference. */
  at(names: readonly string[]): PlacedSchema | undefined {
    let value: JsonValue | undefined = this.#root;
    for (const name of names) value = value === undefined ? undefined : childOf(value, name);
    return isSchema(value) ? { schema: value, pointer: pointerOf(names) } : undefined;
  }

  /** Looks at everything in the document, whether it is a schema or a value. */
  #readNames(): void {
    const waiting: { readonly value: JsonValue | undefined; readonly pointer: string }[] = [
      { value: this.#root, pointer: '' },
    ];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { value, pointer } = next;
      if (typeof value !== 'object' || value === null) continue;
      for (const [name, member] of Object.entries(value)) {
        waiting.push({ value: member, pointer: pointer + pointerOf([name]) });
        if (typeof member === 'string') this.#takeName(name, member, pointer);
      }
    }
  }

  #takeName(keyword: string, text: string, pointer: string): void {
    const name = keyword === '$anchor' ? `#${text}` : keyword === '$id' ? text : undefined;
    if (name === undefined) return;
    const anchor = name.startsWith('#') ? name.slice(1) : undefined;
    if (anchor !== undefined && !this.#anchors.has(anchor)) this.#anchors.set(anchor, pointer);
    else if (anchor === undefined && pointer === '') this.#id = name.split('#')[0];
    else this.#isAmbiguous = true;
  }
}

function childOf(value: JsonValue, name: string): JsonValue | undefined {
  if (isJsonObject(value)) return ownMember(value, name);
  // The narrowing of a readonly array by isArray is any[].
  const isIndex = Array.isArray(value) && /^\d+$/.test(name);
  return isIndex ? (value as readonly JsonValue[])[Number(name)] : undefined;
}

/** Undefined where a `%` encodes nothing: then it names nothing. */
export function decodeFragment(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}
