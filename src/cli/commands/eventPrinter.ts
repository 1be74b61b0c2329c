import { formatTime, TablePrinter, writeOut } from '../output.js';
import type { WireEvent } from '../target/index.js';

const newline = 10;

/** Prints events as they come: NDJSON as it is, or a table for people. */
export interface EventPrinter {
  /** Each line is one event in the wire names. */
  print(lines: readonly Uint8Array[]): Promise<void>;
}

export function createEventPrinter(json: boolean): EventPrinter {
  return json ? { print: printRaw } : createTable();
}

/** Cuts NDJSON into the whole lines of each chunk, without their line ends. */
export async function* splitLines(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Uint8Array[]> {
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    const buffer = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = buffer.indexOf(newline); end !== -1; end = buffer.indexOf(newline, start)) {
      if (end > start) lines.push(buffer.subarray(start, end));
      start = end + 1;
    }
    rest = buffer.subarray(start);
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [rest];
}

async function printRaw(lines: readonly Uint8Array[]): Promise<void> {
  const end = Uint8Array.of(newline);
  await writeOut(Buffer.concat(lines.flatMap((line) => [line, end])));
}

function createTable(): EventPrinter {
  const table = new TablePrinter([
    { title: 'position', align: 'right' },
    { title: 'time' },
    { title: 'entity' },
    { title: 'version', align: 'right' },
    { title: 'type' },
    { title: 'payload' },
  ]);
  return {
    print: (lines) => table.print(lines.map(toRow)),
  };
}

function toRow(line: Uint8Array): readonly string[] {
  // The engine or the server wrote this line; its shape is that of the query answer.
  const event = JSON.parse(Buffer.from(line).toString('utf8')) as WireEvent;
  return [
    String(event.position),
    formatTime(event.timestamp),
    event.entity_id,
    String(event.version),
    event.event_type,
    JSON.stringify(event.payload),
  ];
}
