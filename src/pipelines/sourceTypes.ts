/** Which event types a pipeline takes. */
export class SourceTypes {
  readonly #exact: ReadonlySet<string>;
  /** With their dot. */
  readonly #prefixes: readonly string[];
  readonly #takesAll: boolean;

  constructor(types: readonly string[]) {
    const isPrefix = (type: string): boolean => type.endsWith('.*');
    this.#takesAll = types.length === 0;
    this.#exact = new Set(types.filter((type) => !isPrefix(type)));
    this.#prefixes = types.filter(isPrefix).map((type) => type.slice(0, -1));
  }

  includes(eventType: string): boolean {
    if (this.#takesAll || this.#exact.has(eventType)) return true;
    return this.#prefixes.some((prefix) => eventType.startsWith(prefix));
  }
}
