import { Failure } from '../../domain/index.js';
import type { Item } from './item.js';
import { compilePath, pathProblem, readPath } from './path.js';
import type { Path } from './path.js';

/** Text with `{field.path}` placeholders, compiled once. */
export interface Template {
  readonly parts: readonly (string | Path)[];
}

const placeholder = /\{([^{}]*)\}/;

/** Why a text is no template; undefined where it is one. */
export function templateProblem(text: string): string | undefined {
  for (const [at, part] of text.split(placeholder).entries()) {
    const problem = at % 2 === 1 ? pathProblem(part) : undefined;
    if (problem !== undefined) return `{${part}}: ${problem}`;
    if (at % 2 === 0 && /[{}]/.test(part)) return 'expected a closing brace for each opening one';
  }
  return undefined;
}

export function compileTemplate(text: string): Template {
  const parts = text
    .split(placeholder)
    .map((part, at) => (at % 2 === 1 ? compilePath(part) : part))
    .filter((part) => part !== '');
  return { parts };
}

/** The text with its placeholders filled; `encode` takes what is filled in. */
export function fillTemplate(
  { parts }: Template,
  item: Item,
  encode: (text: string) => string | Failure = (text) => text,
): string | Failure {
  let filled = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      filled += part;
      continue;
    }
    const value = readPath(part, item);
    if (typeof value !== 'string' && typeof value !== 'number') {
      return new Failure(`${part.text}: expected text or a number to fill in`);
    }
    const text = encode(String(value));
    if (text instanceof Failure) return text;
    filled += text;
  }
  return filled;
}
