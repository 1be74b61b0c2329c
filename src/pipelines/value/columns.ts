import type { ColumnsRow, EventCore, JsonValue } from '../../domain/index.js';

/** What a pipeline is given of an event: all, or a row of the fields that it looks at. */
export type PipelineEvent = Pick<EventCore, 'position' | 'timestamp' | 'tenantId'> & {
  readonly [Field in 'eventType' | 'entityId' | 'version' | 'payload']?:
    EventCore[Field] | undefined;
} & { readonly row?: ColumnsRow | undefined };

/** Places in a row before its columns. */
const placesBefore = 2;

/** Where the rows of a pipeline have what it looks at. */
export class Columns {
  /** Each `payload.` and names with dots between, or a field of the event. */
  readonly texts: readonly string[];
  readonly #eventType: number;
  readonly #entityId: number;
  readonly #version: number;

  readonly #tenantId: string;

  constructor(tenantId: string, texts: readonly string[]) {
    this.texts = texts;
    this.#tenantId = tenantId;
    this.#eventType = this.placeOf('$event_type');
    this.#entityId = this.placeOf('$entity_id');
    this.#version = this.placeOf('$version');
  }

  /** -1 where rows don't have it. */
  placeOf(text: string): number {
    const column = this.texts.indexOf(text);
    return column < 0 ? -1 : column + placesBefore;
  }

  /** An event as the engine writes it; the row is the event's from then on. */
  eventOf(row: ColumnsRow): PipelineEvent {
    return {
      position: row[0],
      timestamp: row[1],
      tenantId: this.#tenantId,
      eventType: this.#eventType < 0 ? undefined : (row[this.#eventType] as string),
      entityId: this.#entityId < 0 ? undefined : (row[this.#entityId] as string),
      version: this.#version < 0 ? undefined : (row[this.#version] as number),
      row,
    };
  }
}

/** The value of a column: what is an object or an array has an array around it. */
export function columnValue(column: JsonValue | undefined): JsonValue | undefined {
  // The narrowing of a readonly array by isArray is any[].
  return Array.isArray(column) ? (column as readonly JsonValue[])[0] : column;
}
