/** A pattern of plain text: characters that mean themselves, or that a backslash makes so. */
const plain = /^(\^?)((?:[^\\^$.*+?()[\]{}|/]|\\[\\^$.*+?()[\]{}|/-])*)(\$?)$/u;

/** Matches patterns of plain text with `^` and `$`; undefined for all others. */
export function matchesPlainly(pattern: string, text: string): boolean | undefined {
  const parts = plain.exec(pattern);
  if (parts === null) return undefined;
  const [, start, body = '', end] = parts;
  const wanted = body.replaceAll(/\\(.)/gu, '$1');
  if (start === '' && end === '') return text.includes(wanted);
  if (end === '') return text.startsWith(wanted);
  return start === '' ? text.endsWith(wanted) : text === wanted;
}
