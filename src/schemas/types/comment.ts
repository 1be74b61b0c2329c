import { isJsonObject, ownMember } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import { hardLine, join } from './layout.js';
import type { Layout } from './layout.js';

/** The lines that a schema says about itself: title, description, and whether it is deprecated. */
export function commentOf(schema: JsonValue | undefined): readonly string[] {
  if (!isJsonObject(schema)) return [];
  const texts = ['title', 'description'].flatMap((name) => {
    const text = ownMember(schema, name);
    return typeof text === 'string' ? [linesOf(text)] : [];
  });
  if (ownMember(schema, 'deprecated') === true) texts.push(['@deprecated']);
  return texts
    .filter((lines) => lines.length > 0)
    .flatMap((lines, at) => (at ? ['', ...lines] : lines));
}

/** Without lines that are empty at either end, and without what would end the comment. */
function linesOf(text: string): string[] {
  const lines = text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[^\P{Cc}\n]/gu, ' ')
    .replaceAll('*/', '*\\/')
    .split('\n')
    .map((line) => line.trimEnd());
  const isText = (line: string): boolean => line !== '';
  return lines
    .slice(lines.findIndex(isText), lines.findLastIndex(isText) + 1)
    .filter(() => lines.some(isText));
}

/** The comment and the line behind it; nothing where there are no lines. */
export function commentLayout(lines: readonly string[]): Layout {
  const [first, ...more] = lines;
  if (first === undefined) return [];
  if (more.length === 0) return ['/** ', first, ' */', hardLine];
  const rows = lines.map((text) => (text === '' ? ' *' : ` * ${text}`));
  return [join(hardLine, ['/**', ...rows, ' */']), hardLine];
}
