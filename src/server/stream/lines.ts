/** One event as it goes over the wire. */
export interface LogLine {
  readonly position: number;
  /** JSON without a line end. */
  readonly bytes: Buffer;
}

const newline = 0x0a;

/** The events of a chunk of NDJSON as the engine writes it. */
export function splitLines(chunk: Buffer): LogLine[] {
  const lines: LogLine[] = [];
  let start = 0;
  for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
    const bytes = chunk.subarray(start, end);
    lines.push({ position: positionOf(bytes), bytes });
    start = end + 1;
  }
  return lines;
}

const positionName = '"position":';
const zero = 0x30;
const nine = 0x39;

/** The engine writes the position behind payload and metadata: the last such name is its own. */
function positionOf(line: Buffer): number {
  let at = line.lastIndexOf(positionName);
  if (at < 0) throw new Error('the engine wrote an event without a position');
  let position = 0;
  for (at += positionName.length; ; at += 1) {
    const byte = line[at];
    if (byte === undefined || byte < zero || byte > nine) return position;
    position = position * 10 + (byte - zero);
  }
}
