import type { SubscriptionFilter } from './filter.js';
import type { TextRule } from './json/fields.js';
import { eventTypeBytesMax, matchTextsMax } from './limits.js';

const typePattern = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const expectedType = `expected an event type: up to ${eventTypeBytesMax} of a-z, 0-9, '_', '-', '.'`;

export function isEventType(text: string): boolean {
  return typePattern.test(text) && text.length <= eventTypeBytesMax;
}

export const eventTypeRule: TextRule = {
  problem: (text) => (isEventType(text) ? undefined : expectedType),
};

/** Some event types: by name, by prefix as `order.*`, or all, which is `*` or no name at all. */
export class EventTypes {
  readonly #names: readonly string[];
  readonly #exact: ReadonlySet<string>;
  /** With their dot. */
  readonly #prefixes: readonly string[];
  readonly #takesAll: boolean;

  constructor(names: readonly string[]) {
    const isPrefix = (name: string): boolean => name.endsWith('.*');
    this.#names = names;
    this.#takesAll = names.length === 0 || names.includes('*');
    this.#exact = new Set(names.filter((name) => !isPrefix(name)));
    this.#prefixes = names.filter(isPrefix).map((name) => name.slice(0, -1));
  }

  includes(eventType: string): boolean {
    if (this.#takesAll || this.#exact.has(eventType)) return true;
    return this.#prefixes.some((prefix) => eventType.startsWith(prefix));
  }

  /** What the index can tell of them: names, or one prefix; what matches may be more. */
  get filter(): SubscriptionFilter {
    if (this.#takesAll) return {};
    const [prefix, ...others] = this.#prefixes;
    if (prefix === undefined) {
      return this.#names.length <= matchTextsMax ? { match: { eventTypes: this.#names } } : {};
    }
    return others.length === 0 && this.#exact.size === 0 ? { eventTypePrefix: prefix } : {};
  }
}
