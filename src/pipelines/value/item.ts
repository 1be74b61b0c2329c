import type { ColumnsRow, JsonValue } from '../../domain/index.js';
import type { Output } from '../definition/types.js';
import type { PipelineEvent } from './columns.js';

/** What goes through the operators: a value, where it comes from, and its time. */
export class Item {
  /** Never changed itself; an operator puts another in its place. */
  value: JsonValue;
  /** Has the value's fields in its place, until an operator puts another there. */
  row: ColumnsRow | undefined;
  /** Undefined behind a window. */
  readonly event: PipelineEvent | undefined;
  /** Microseconds since 1970: of the event, or the last of the pane. */
  readonly time: number;
  /** Where it began; what it plans for the operators from there on is committed together. */
  readonly firstOperator: number;
  /** Unique in the pipeline. */
  readonly #paneKey: string;
  /** The entity of its event, or the group that it was made part of last. */
  orderKey: string;
  /** Chosen by a branch. */
  output: Output | undefined = undefined;

  private constructor(
    value: JsonValue,
    from: {
      event?: PipelineEvent;
      time: number;
      firstOperator: number;
      paneKey: string;
      orderKey: string;
    },
  ) {
    this.value = value;
    this.orderKey = from.orderKey;
    this.event = from.event;
    this.row = from.event?.row;
    this.time = from.time;
    this.firstOperator = from.firstOperator;
    this.#paneKey = from.paneKey;
  }

  static ofEvent(event: PipelineEvent): Item {
    const { entityId: orderKey = '', timestamp: time, payload = null } = event;
    return new Item(payload, { event, time, firstOperator: 0, paneKey: '', orderKey });
  }

  static ofPane(
    value: JsonValue,
    pane: { time: number; firstOperator: number; paneKey: string; orderKey: string },
  ): Item {
    return new Item(value, pane);
  }

  get key(): string {
    return this.event === undefined ? this.#paneKey : `e${this.event.position}`;
  }
}
