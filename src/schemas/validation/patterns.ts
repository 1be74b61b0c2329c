import type { RE2JS } from 're2js';
import { loadRe2 } from './libraries.js';
import { patternCharactersMax } from './limits.js';
import { spend } from './stepBudget.js';

/** Instructions in the states of a pattern, of which the engine keeps 8 MiB. */
const freshInstructionsMax = 1_000_000;

/** A pattern of a user, run in time linear in the text. */
export class LinearPattern {
  /** Instructions of the compiled pattern. */
  readonly instructions: number;
  readonly #pattern: string;
  readonly #compiled: RE2JS;
  /** Characters that may still bring new states. */
  #freshCharacters: number;

  /** Throws an `Error` that says what the pattern breaks. */
  constructor(pattern: string) {
    if (pattern.length > patternCharactersMax) {
      throw new Error(`it has more than ${patternCharactersMax} characters`);
    }
    checkSyntax(pattern);
    this.#pattern = pattern;
    this.#compiled = loadRe2().RE2JS.compile(toLinearSyntax(pattern));
    this.instructions = this.#compiled.programSize();
    this.#freshCharacters = freshInstructionsMax / this.instructions;
  }

  /** What ajv knows a pattern by. */
  toString(): string {
    return this.#pattern;
  }

  test(text: string): boolean {
    // The engine builds its states as it meets them, which is dear, and bounded for each pattern.
    const fresh = Math.min(text.length, this.#freshCharacters);
    this.#freshCharacters -= fresh;
    spend(1 + text.length * (40 + 4 * this.instructions) + fresh * 20 * this.instructions);
    return this.#compiled.test(text);
  }
}

/** What only the linear engine takes, such as `(?i)`, is no pattern of JSON Schema. */
function checkSyntax(pattern: string): void {
  try {
    new RegExp(pattern, 'u');
  } catch {
    // Schemas escape more than the flag allows, as in `\-`.
    new RegExp(pattern);
    checkEscapes(pattern);
  }
}

const escapes = /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|.)/gsu;

/** Without the flag any letter may be escaped; the linear engine means something else by some, such as `\A`. */
function checkEscapes(pattern: string): void {
  for (const [escape] of pattern.matchAll(escapes)) {
    if (!/^\\[a-zA-Z]/.test(escape)) continue;
    try {
      new RegExp(escape, 'u');
    } catch {
      throw new Error(`${escape} is no escape of ECMAScript`);
    }
  }
}

const spaces = String.raw`\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;

const anyCharacter = String.raw`\x{0}-\x{10ffff}`;

const outsideOfClass = new Map([
  [String.raw`\s`, `[${spaces}]`],
  [String.raw`\S`, `[^${spaces}]`],
  ['.', String.raw`[^\n\r\x{2028}\x{2029}]`],
  ['[^]', `[${anyCharacter}]`],
  ['[]', `[^${anyCharacter}]`],
]);

const insideOfClass = new Map([
  [String.raw`\s`, spaces],
  ['[', String.raw`\[`],
  ['[]', String.raw`\[]`],
  ['[^]', String.raw`\[^]`],
]);

/** Where the same text means something else to the linear engine than in JavaScript. */
function toLinearSyntax(pattern: string): string {
  let isClass = false;
  const text = pattern.replaceAll(/\\.|\[\^?\]|[[\].]/gsu, (token) => {
    const replaced = (isClass ? insideOfClass : outsideOfClass).get(token);
    if (token === '[') isClass = true;
    if (token.endsWith(']') && !token.startsWith('\\')) isClass = false;
    return replaced ?? token;
  });
  return loadRe2().RE2JS.translateRegExp(text);
}
