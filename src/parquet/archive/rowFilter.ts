import type { RecordBatch } from '../../columnar/index.js';
import type { EngineQuery } from '../../eventStore/index.js';

/** The rows of a batch with all columns that match a query, in their order. */
export function matchingRows(batch: RecordBatch, query: EngineQuery): number[] {
  const [positions, times] = [wholeNumbers(batch, 'position'), wholeNumbers(batch, 'timestamp')];
  const hasText = textTest(batch);
  const { tenantId, entityId, eventType, eventTypePrefix, tags = [], matches } = query;
  const rows: number[] = [];
  for (let row = 0; row < batch.numRows; row += 1) {
    if (!isWithin(positions[row], query.firstPosition, query.lastPosition)) continue;
    if (!isWithin(times[row], query.sinceMicros, query.untilMicros)) continue;
    if (!hasText('tenant_id', row, tenantId)) continue;
    if (entityId !== undefined && !hasText('entity_id', row, entityId)) continue;
    if (eventType !== undefined && !hasText('event_type', row, eventType)) continue;
    if (eventTypePrefix !== undefined) {
      if (!textOf(batch, 'event_type', row).startsWith(eventTypePrefix)) continue;
    }
    if (tags.length > 0 && !hasTags(batch, row, tags)) continue;
    if (matches !== undefined && !hasMatch(batch, row, matches)) continue;
    rows.push(row);
  }
  return rows;
}

/** What is not asked for is NaN. */
function isWithin(value: bigint | undefined, first: number, last: number): boolean {
  return value !== undefined && !(value < first) && !(value > last);
}

/** Whether a coded column has a text in a row, told by its code. */
function textTest(batch: RecordBatch): (name: string, row: number, text: string) => boolean {
  const codes = new Map<string, number>();
  return (name, row, text) => {
    const column = batch.getChild(name)?.data[0];
    const key = `${name} ${text}`;
    let code = codes.get(key);
    if (code === undefined) {
      code = column?.dictionary?.indexOf(text) ?? -1;
      codes.set(key, code);
    }
    return (column?.values as Int32Array)[row] === code;
  };
}

function hasTags(batch: RecordBatch, row: number, tags: readonly string[]): boolean {
  const own = new Set(batch.getChild('tags')?.get(row) as Iterable<string>);
  return tags.every((tag) => own.has(tag));
}

/** Types, entities and tags of each match, in turn. */
function hasMatch(
  batch: RecordBatch,
  row: number,
  matches: readonly (readonly string[])[],
): boolean {
  for (let i = 0; i < matches.length; i += 3) {
    const [types = [], entities = [], tags = []] = matches.slice(i, i + 3);
    if (types.length > 0 && !types.includes(textOf(batch, 'event_type', row))) continue;
    if (entities.length > 0 && !entities.includes(textOf(batch, 'entity_id', row))) continue;
    if (hasTags(batch, row, tags)) return true;
  }
  return false;
}

function textOf(batch: RecordBatch, name: string, row: number): string {
  return batch.getChild(name)?.get(row) as string;
}

export function wholeNumbers(batch: RecordBatch, name: string): BigInt64Array {
  return batch.getChild(name)?.data[0]?.values as BigInt64Array;
}
