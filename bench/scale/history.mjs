/**
 * The events of a store of any size, as a function of their number. Every entity has 10 events. Of
 * four in five events the entity is written to within a window of the log; the fifth belongs to an
 * entity whose events are spread evenly over the whole history.
 */
import { Buffer } from 'node:buffer';

import { makeOrder, makeRandom } from '../input/order.mjs';

export const eventsPerEntity = 10;
export const typeCount = 100;
const spreadEvery = 5;
const windowEntitiesMax = 10_000;
const idDigits = 8;
const typeDigits = 2;
/** A line of the store: fixed places for type and entity. */
const typePlace = '{"event_type":"order.step-'.length;
const idPlace = '{"event_type":"order.step-00","entity_id":"x-'.length;

/** @typedef {'window' | 'spread'} EntityKind */

/**
 * @param {EntityKind} kind
 * @param {number} number
 */
export function entityIdOf(kind, number) {
  return `${kind === 'window' ? 'w' : 's'}-${String(number).padStart(idDigits, '0')}`;
}

/** @param {number} type */
export function eventTypeOf(type) {
  return `order.step-${String(type).padStart(typeDigits, '0')}`;
}

/**
 * Entities of a kind in a store of so many events.
 *
 * @param {EntityKind} kind
 * @param {number} events a multiple of 50 000
 */
export function entityCount(kind, events) {
  const share = kind === 'spread' ? 1 / spreadEvery : 1 - 1 / spreadEvery;
  return Math.round((events * share) / eventsPerEntity);
}

/**
 * @param {number} index of the event, from 0
 * @param {number} events of the whole store
 * @returns {{kind: EntityKind, number: number}}
 */
export function entityOf(index, events) {
  if (index % spreadEvery === 0) {
    return { kind: 'spread', number: (index / spreadEvery) % entityCount('spread', events) };
  }
  const windowEntities = Math.min(windowEntitiesMax, events / 100);
  const order = index - Math.floor(index / spreadEvery) - 1;
  const window = Math.floor(order / (windowEntities * eventsPerEntity));
  return { kind: 'window', number: window * windowEntities + (order % windowEntities) };
}

/** Lines whose types and entities are filled in anew for each batch: making JSON costs more. */
export class LineBatch {
  bytes;
  #lineBytes;

  /**
   * @param {number} lines
   * @param {number} seed of the payloads
   */
  constructor(lines, seed) {
    const random = makeRandom(seed);
    const texts = Array.from({ length: lines }, () => {
      const { payload } = makeOrder(random);
      const id = entityIdOf('window', 0);
      return `${JSON.stringify({ event_type: eventTypeOf(0), entity_id: id, payload })}\n`;
    });
    this.bytes = Buffer.from(texts.join(''));
    this.#lineBytes = texts[0]?.length ?? 0;
    if (this.bytes.length !== lines * this.#lineBytes) throw new Error('lines differ in length');
  }

  /**
   * @param {number} line
   * @param {{kind: EntityKind, number: number}} entity
   * @param {number} type
   */
  fill(line, { kind, number }, type) {
    const begin = line * this.#lineBytes;
    this.bytes[begin + idPlace - 2] = kind === 'window' ? 0x77 : 0x73;
    this.#writeDigits(begin + idPlace, number, idDigits);
    this.#writeDigits(begin + typePlace, type, typeDigits);
  }

  /**
   * @param {number} at
   * @param {number} number
   * @param {number} digits
   */
  #writeDigits(at, number, digits) {
    let rest = number;
    for (let place = at + digits - 1; place >= at; place--) {
      this.bytes[place] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}
