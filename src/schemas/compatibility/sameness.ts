import type { JsonValue } from '../../domain/index.js';
import { canonicalText, isEqual, isJsonObject } from '../../domain/index.js';
import type { Containment } from './containment.js';
import { isSchema } from '../jsonSchema.js';
import { keyword, pointerTo } from './schema/document.js';
import type { SchemaNode } from './schema/document.js';
import { annotations, schemaLists, schemaMaps, schemaWords, setWords } from './schema/words.js';

/** Tells whether two schemas say the same in the same words. */
export class Sameness {
  private readonly known = new Map<string, boolean>();
  /** Pairs that are looked at, and the same if all pairs are that they lead to. */
  private assumed = new Set<string>();
  private level = 0;

  constructor(private readonly containment: Containment) {}

  areSame(a: SchemaNode, b: SchemaNode): boolean {
    if (a.id === b.id) return true;
    if (typeof a.schema === 'boolean' || typeof b.schema === 'boolean') return false;
    if (a.document.draft !== b.document.draft) return false;
    const key = `${a.id}=${b.id}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.assumed.has(key)) return true;
    if (!this.containment.spend(1) || this.level > 500) return false;
    this.assumed.add(key);
    this.level += 1;
    const isSame = this.haveSameWords(a, b);
    this.level -= 1;
    if (!isSame) this.known.set(key, false);
    if (this.level === 0) this.settle(isSame);
    return isSame;
  }

  /** Whether both have a keyword, and the same in it. */
  haveSame(a: SchemaNode, b: SchemaNode, word: string): boolean {
    const [left, right] = [keyword(a, word), keyword(b, word)];
    if (left === undefined || right === undefined) return false;
    if (a.document.draft !== b.document.draft) return false;
    if (word === '$ref') return this.leadToSame(a, b);
    if (word === '$dynamicRef') return false;
    // Before the words of one schema: `items` is either.
    if (schemaLists.has(word) && Array.isArray(left)) return this.sameLists(a, b, word);
    if (schemaWords.has(word)) return this.areSameAt(a, b, word, left, right);
    if (schemaMaps.has(word)) return this.sameMaps(a, b, word);
    if (setWords.has(word)) return haveSameItems(left, right);
    return isEqual(left, right);
  }

  private settle(isSame: boolean): void {
    if (isSame) for (const key of this.assumed) this.known.set(key, true);
    this.assumed = new Set();
  }

  private haveSameWords(a: SchemaNode, b: SchemaNode): boolean {
    const [left, right] = [wordsOf(a), wordsOf(b)];
    return left.length === right.length && left.every((word) => this.haveSame(a, b, word));
  }

  private leadToSame(a: SchemaNode, b: SchemaNode): boolean {
    const left = a.document.resolve(keyword(a, '$ref'));
    const right = b.document.resolve(keyword(b, '$ref'));
    return left !== undefined && right !== undefined && this.areSame(left, right);
  }

  private sameLists(a: SchemaNode, b: SchemaNode, word: string): boolean {
    const [left, right] = [keyword(a, word), keyword(b, word)];
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    // The narrowing of a readonly array by isArray is any[].
    const [ours, theirs] = [left as readonly JsonValue[], right as readonly JsonValue[]];
    return ours.every((one, at) => this.areSameAt(a, b, word, one, theirs[at], at));
  }

  private sameMaps(a: SchemaNode, b: SchemaNode, word: string): boolean {
    const [left, right] = [keyword(a, word), keyword(b, word)];
    if (!isJsonObject(left) || !isJsonObject(right)) return false;
    const names = Object.keys(left);
    if (names.length !== Object.keys(right).length) return false;
    return names.every(
      (name) =>
        Object.hasOwn(right, name) && this.areSameAt(a, b, word, left[name], right[name], name),
    );
  }

  private areSameAt(
    a: SchemaNode,
    b: SchemaNode,
    word: string,
    left: JsonValue | undefined,
    right: JsonValue | undefined,
    ...at: readonly (string | number)[]
  ): boolean {
    if (left === undefined || right === undefined) return left === right;
    // A dependency may be a list of names.
    if (!isSchema(left) || !isSchema(right)) return isEqual(left, right);
    return this.areSame(
      a.document.node(left, pointerTo(a.pointer, word, ...at)),
      b.document.node(right, pointerTo(b.pointer, word, ...at)),
    );
  }
}

function wordsOf({ schema }: SchemaNode): readonly string[] {
  if (typeof schema === 'boolean') return [];
  return Object.keys(schema).filter((word) => schema[word] !== undefined && !annotations.has(word));
}

function haveSameItems(left: JsonValue, right: JsonValue): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return isEqual(left, right);
  const textsOf = (items: readonly JsonValue[]): JsonValue =>
    items.map((item) => canonicalText(item) ?? '').sort();
  return isEqual(textsOf(left), textsOf(right));
}
