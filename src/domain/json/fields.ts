import type { ErrorDetail } from '../errors.js';
import { kindOf } from './failure.js';
import { isJsonObject } from './jsonValue.js';

/** What a text must be like. */
export interface TextRule {
  /** Undefined where the text is right, or what was expected. */
  readonly problem: (text: string) => string | undefined;
  /** It may hold a key or a password, and is not told in the reason. */
  readonly isSecret?: boolean;
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly default?: number;
}

export function patternRule(pattern: RegExp, expected: string): TextRule {
  return { problem: (text) => (pattern.test(text) ? undefined : expected) };
}

/** A value as it is told in a reason: it comes from a definition, not from an event. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  return kindOf(value);
}

/**
 * Reads the fields of one object of a definition. What is wrong is added to the list of problems, and
 * something of the right type is answered, so that the check goes on and finds all of them.
 */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #problems: ErrorDetail[];
  readonly #path: string;

  /** `names` are all that it may have; `what` is whose they are, for the reason. */
  constructor(
    value: unknown,
    options: {
      readonly problems: ErrorDetail[];
      readonly path: string;
      readonly what: string;
      readonly names: readonly string[];
    },
  ) {
    this.#problems = options.problems;
    this.#path = options.path;
    this.#values = isJsonObject(value) ? value : {};
    if (!isJsonObject(value)) {
      this.#add(options.path, `expected an object, not ${shown(value)}`);
      return;
    }
    for (const name of Object.keys(value)) {
      if (options.names.includes(name)) continue;
      this.add(name, `not a field of ${options.what}; they are ${options.names.join(', ')}`);
    }
  }

  get problems(): ErrorDetail[] {
    return this.#problems;
  }

  pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  add(name: string, reason: string): void {
    this.#add(this.pathOf(name), reason);
  }

  /** A field that is null counts as left out. */
  has(name: string): boolean {
    return this.raw(name) !== undefined && this.raw(name) !== null;
  }

  /** Whether it is there, be it null. */
  isGiven(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  text(name: string, rule?: TextRule): string {
    return this.#textAt(this.pathOf(name), this.raw(name), rule);
  }

  optionalText(name: string, rule?: TextRule): string | undefined {
    return this.has(name) ? this.text(name, rule) : undefined;
  }

  /** An array of texts, none of which is there twice; one text alone where `single` allows it. */
  texts(
    name: string,
    options: { readonly max: number; readonly rule?: TextRule; readonly single?: boolean },
  ): string[] {
    const value = this.raw(name);
    if (!this.has(name)) return [];
    if (options.single === true && typeof value === 'string')
      return [this.text(name, options.rule)];
    if (!Array.isArray(value) || value.length > options.max) {
      this.add(name, `expected an array of at most ${options.max} texts`);
      return [];
    }
    const texts = value.map((text: unknown, at) =>
      this.#textAt(`${this.pathOf(name)}[${at}]`, text, options.rule),
    );
    if (new Set(texts).size < texts.length) this.add(name, 'expected no text twice');
    return texts;
  }

  whole(name: string, range: Range): number {
    const value = this.raw(name);
    if (!this.has(name) && range.default !== undefined) return range.default;
    const isWhole = typeof value === 'number' && Number.isInteger(value);
    if (isWhole && value >= range.min && value <= range.max) return value;
    const expected = `expected a whole number from ${range.min} to ${range.max}`;
    this.add(name, `${expected}, not ${shown(value)}`);
    return range.min;
  }

  flag(name: string, usual: boolean): boolean {
    const value = this.raw(name);
    if (this.has(name) && typeof value !== 'boolean') {
      this.add(name, `expected true or false, not ${shown(value)}`);
    }
    return typeof value === 'boolean' ? value : usual;
  }

  oneOf<T extends string>(name: string, values: readonly [T, ...T[]], usual?: T): T {
    const value = this.raw(name);
    if (!this.has(name) && usual !== undefined) return usual;
    const found = values.find((known) => known === value);
    if (found === undefined) {
      this.add(name, `expected one of ${values.join(', ')}, not ${shown(value)}`);
    }
    return found ?? values[0];
  }

  /** Reports fields that are given, but mean nothing beside the others. */
  refuse(names: readonly string[], reason: string): void {
    for (const name of names) if (this.has(name)) this.add(name, reason);
  }

  /** The members of an object, by their names. */
  entries(name: string, max: number): [string, unknown][] {
    const value = this.raw(name);
    const entries = isJsonObject(value) ? Object.entries(value) : [];
    if (!isJsonObject(value) || entries.length > max) {
      this.add(name, `expected an object of at most ${max} members`);
      return [];
    }
    return entries;
  }

  #textAt(path: string, value: unknown, rule: TextRule | undefined): string {
    const problem = typeof value === 'string' ? rule?.problem(value) : 'expected text';
    const got = rule?.isSecret === true && typeof value === 'string' ? '' : `, not ${shown(value)}`;
    if (problem !== undefined) this.#add(path, `${problem}${got}`);
    return typeof value === 'string' ? value : '';
  }

  #add(field: string, reason: string): void {
    this.#problems.push({ field, reason });
  }
}
