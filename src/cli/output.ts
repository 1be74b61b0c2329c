import { once } from 'node:events';

/**
 * Ends the process without a word once nobody reads standard output any more (`| head`). The exit
 * code is the one set so far: commands that write to the store set 1 until they are done.
 */
export function endQuietlyWhenOutputCloses(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`allsource: standard output cannot be written (${error.code})\n`);
    process.exit(1);
  });
}

/** Writes to standard output, and waits where the reader is slower. */
export async function writeOut(data: string | Uint8Array): Promise<void> {
  if (data.length === 0 || process.stdout.write(data)) return;
  await once(process.stdout, 'drain');
}

/** One JSON document on one line. */
export async function printJson(value: unknown): Promise<void> {
  await writeOut(`${JSON.stringify(value)}\n`);
}

/** A remark for a person: on standard error, so that standard output stays clean. */
export function printNote(text: string): void {
  process.stderr.write(`${text}\n`);
}

const lineWidthDefault = 160;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/**
 * Prints rows under aligned columns as they come. Widths grow with what was seen, so a long stream
 * needs no second pass; the last column is cut at the width of the terminal.
 */
export class TablePrinter {
  readonly #columns: readonly Column[];
  readonly #widths: number[];
  readonly #lineWidthMax: number;
  #headPrinted = false;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ title }) => title.length);
    // A terminal that does not know its size says 0.
    this.#lineWidthMax = (process.stdout.isTTY && process.stdout.columns) || lineWidthDefault;
  }

  async print(rows: readonly (readonly string[])[]): Promise<void> {
    if (rows.length === 0) return;
    const clean = rows.map((row) => row.map(showSafely));
    for (const row of clean) this.#widen(row);
    const head = this.#headPrinted ? [] : [this.#columns.map(({ title }) => title)];
    this.#headPrinted = true;
    await writeOut([...head, ...clean].map((row) => `${this.#line(row)}\n`).join(''));
  }

  #widen(row: readonly string[]): void {
    for (const [index, cell] of row.entries()) {
      this.#widths[index] = Math.max(this.#widths[index] ?? 0, cell.length);
    }
  }

  #line(row: readonly string[]): string {
    const cells = row.map((cell, index) => {
      const width = this.#widths[index] ?? 0;
      if (this.#columns[index]?.align === 'right') return cell.padStart(width);
      return index === row.length - 1 ? cell : cell.padEnd(width);
    });
    const line = cells.join('  ').trimEnd();
    return line.length > this.#lineWidthMax ? `${line.slice(0, this.#lineWidthMax - 1)}…` : line;
  }
}

/** A column of a list, and what it shows of an item. */
interface ListColumn<T> extends Column {
  readonly cell: (item: T) => string;
}

interface ListForm<T> {
  /** One JSON document a line in the place of a table. */
  readonly json: boolean;
  readonly document: (item: T) => unknown;
  /** The remark where there are none. */
  readonly none?: string;
  readonly columns: readonly ListColumn<T>[];
}

/** All items of a list, as a table or as JSON. */
export async function printList<T>(items: readonly T[], form: ListForm<T>): Promise<void> {
  const { json, document, none, columns } = form;
  if (json) {
    for (const item of items) await printJson(document(item));
    return;
  }
  if (items.length === 0 && none !== undefined) printNote(none);
  const rows = items.map((item) => columns.map(({ cell }) => cell(item)));
  await new TablePrinter(columns).print(rows);
}

/** `name  value` lines with the values under each other. */
export async function printPairs(pairs: readonly (readonly [string, string])[]): Promise<void> {
  const width = Math.max(...pairs.map(([name]) => name.length));
  const lines = pairs.map(([name, value]) => `${name.padEnd(width)}  ${showSafely(value)}\n`);
  await writeOut(lines.join(''));
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const digits = power === 0 ? 0 : 1;
  return `${(bytes / 1024 ** power).toFixed(digits)} ${units[power]}`;
}

/** `2026-01-31T09:30:00.123456Z` as `2026-01-31 09:30:00.123456Z`. */
export function formatTime(timestamp: string): string {
  return timestamp.replace('T', ' ');
}

/** Text from events must not steer the terminal: control and direction characters are escaped. */
export function showSafely(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
