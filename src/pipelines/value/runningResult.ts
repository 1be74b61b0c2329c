import type { JsonObject, JsonValue } from '../../domain/index.js';

/** What a result of `reduce` has besides its numbers, which is the same for all of a group. */
export interface ResultHead {
  readonly group: JsonObject | null;
  readonly function: string;
  readonly field: string | null;
}

/** A result of `reduce`. An operator that changes it makes a plain object of it. */
export class RunningResult implements ResultHead {
  readonly [name: string]: JsonValue | undefined;
  readonly group;
  readonly function;
  readonly field;
  readonly value;
  readonly count;
  readonly #headText: string;

  constructor(
    { group, function: name, field }: ResultHead,
    headText: string,
    { value, count }: { readonly value: JsonValue; readonly count: number },
  ) {
    this.group = group;
    this.function = name;
    this.field = field;
    this.value = value;
    this.count = count;
    this.#headText = headText;
  }

  /** What `textOf` needs of the head. */
  static headTextOf({ group, function: name, field }: ResultHead): string {
    return JSON.stringify({ group, function: name, field }).slice(0, -1);
  }

  /** As JSON. */
  static textOf(value: JsonValue): string {
    if (!(value instanceof RunningResult)) return JSON.stringify(value);
    const result = typeof value.value === 'number' ? value.value : JSON.stringify(value.value);
    return `${value.#headText},"value":${result},"count":${value.count}}`;
  }
}
