import { readFileSync } from 'node:fs';

export interface JsonCase {
  readonly name: string;
  readonly isTaken: boolean;
  readonly bytes: Buffer;
}

/** The texts of cases.txt, which says how they are written down. */
export function readJsonCases(): JsonCase[] {
  const lines = readFileSync(new URL('cases.txt', import.meta.url), 'latin1').split('\n');
  return lines
    .filter((line) => line.startsWith('+') || line.startsWith('-'))
    .map((line) => {
      const [head = '', ...pieces] = line.split('\t');
      const text = pieces.map(repeated).join('');
      return { name: head.slice(2), isTaken: head[0] === '+', bytes: Buffer.from(text, 'latin1') };
    });
}

function repeated(piece: string): string {
  const [, times, text] = /^\\\*(\d+):(.*)$/.exec(piece) ?? [];
  return unescaped(text ?? piece).repeat(Number(times ?? 1));
}

function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|\\)/g, (_, hex: string | undefined) =>
    hex === undefined ? '\\' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
