import { entityIdBytesMax, Failure } from '../../domain/index.js';
import type { Output } from '../definition/types.js';
import type { Item } from '../value/item.js';
import { compileTemplate, fillTemplate } from '../value/template.js';
import type { Template } from '../value/template.js';

type EventOutput = Extract<Output, { type: 'event' }>;

/** Bytes of UTF-8 for one UTF-16 unit, at most. */
const unitBytesMax = 3;

/** Fills the placeholders of outputs. */
export class Outputs {
  readonly #usual: Output;
  readonly #templates = new Map<string, Template>();
  /** What went out last, as it is in the definition and filled: often the next is the same. */
  #last: Output | undefined;
  #lastFilled: EventOutput | undefined;

  constructor(usual: Output) {
    this.#usual = usual;
  }

  /** Where an item goes; an entity id is as the store takes it. */
  of(item: Item): Output | Failure {
    const output = item.output ?? this.#usual;
    if (output.type !== 'event' || !output.entityId.includes('{')) return output;
    const entityId = fillTemplate(this.#templateOf(output.entityId), item);
    if (entityId instanceof Failure) return entityId;
    if (output === this.#last && entityId === this.#lastFilled?.entityId) return this.#lastFilled;
    if (!isEntityId(entityId)) {
      const expected = `expected 1-${entityIdBytesMax} bytes that an entity id may have`;
      return new Failure(`entity_id: ${expected}`);
    }
    this.#last = output;
    this.#lastFilled = { ...output, entityId };
    return this.#lastFilled;
  }

  /** There are as many as the definition has outputs. */
  #templateOf(text: string): Template {
    const known = this.#templates.get(text);
    if (known !== undefined) return known;
    const template = compileTemplate(text);
    this.#templates.set(text, template);
    return template;
  }
}

function isEntityId(text: string): boolean {
  if (text === '' || text !== text.trim() || /[\p{Cc}\p{Surrogate}]/u.test(text)) return false;
  const isShort = text.length * unitBytesMax <= entityIdBytesMax;
  return isShort || new TextEncoder().encode(text).length <= entityIdBytesMax;
}
