import { canonicalText, Failure, setMember } from '../../domain/index.js';
import type { JsonObject, JsonValue } from '../../domain/index.js';
import type { Columns } from '../value/columns.js';
import type { Item } from '../value/item.js';
import { compilePath, readPath } from '../value/path.js';
import type { Path } from '../value/path.js';

/** Characters of the JSON of the values that make up a group. */
const groupCharactersMax = 1_024;

/** By what items are grouped. A group's key is the canonical JSON array of its values. */
export class Grouping {
  readonly #paths: readonly Path[];

  constructor(fields: readonly string[], columns: Columns | undefined) {
    this.#paths = fields.map((field) => compilePath(field, columns));
  }

  /** Empty where all items are one group. */
  keyOf(item: Item): string | Failure {
    if (this.#paths.length === 0) return '';
    let key = '';
    for (const path of this.#paths) {
      const text = canonicalText(readPath(path, item) ?? null);
      if (text === undefined) return new Failure(`${path.text}: expected a value less deep`);
      key += key === '' ? text : `,${text}`;
    }
    if (key.length <= groupCharactersMax) return `[${key}]`;
    return new Failure(`expected a group of at most ${groupCharactersMax} characters as JSON`);
  }

  /** The values by their paths; null where all items are one group. */
  groupOf(key: string): JsonObject | null {
    if (key === '') return null;
    // keyOf made it.
    const values = JSON.parse(key) as readonly JsonValue[];
    const group = {};
    for (const [at, { text }] of this.#paths.entries()) setMember(group, text, values[at] ?? null);
    return group;
  }
}
