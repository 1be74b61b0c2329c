import {
  entitiesMax,
  entityNumber,
  eventCount,
  eventIdOf,
  eventTypeOf,
  makeEvent,
  originOf,
} from './events.mjs';
import { GrowingArray } from './growingArray.mjs';

/** Something that must hold did not. */
export class Violation extends Error {
  /** @override */
  name = 'Violation';
}

/**
 * An event as the server sends it.
 *
 * @typedef {object} WireEvent
 * @property {string} id
 * @property {string} event_type
 * @property {string} entity_id
 * @property {unknown} payload
 * @property {string} timestamp
 * @property {number} version
 * @property {number} position
 * @property {number} partition
 *
 * @typedef {object} AppendResult
 * @property {string} event_id
 * @property {number} version
 * @property {number} position
 * @property {boolean} deduplicated
 */

const neverWritten = -1;

/**
 * What is known of the log: of each position the operation that wrote it, of each operation its first
 * position. It is learnt from acknowledgements and from whatever any reader was shown, and what was
 * once learnt must hold for ever after, whatever is killed meanwhile. Twelve bytes an event.
 */
export class Model {
  seed;
  /** Highest operation number given out. */
  opsBegun = 0;
  eventsAcknowledged = 0;
  /** All positions up to this one are known. */
  knownThrough = 0;
  #opAt = new GrowingArray();
  #firstPositions = new GrowingArray();
  #versions = new Uint32Array(entitiesMax);
  #held = new Set();

  /** @param {number} seed */
  constructor(seed) {
    this.seed = seed;
  }

  /** The next operation none of whose entities another one is about to change; holds them. */
  beginOp() {
    for (;;) {
      this.opsBegun += 1;
      const op = this.opsBegun;
      const entities = this.entitiesOf(op);
      if (entities.some((entity) => this.#held.has(entity))) continue;
      for (const entity of entities) this.#held.add(entity);
      return op;
    }
  }

  /** @param {number} op */
  endOp(op) {
    for (const entity of this.entitiesOf(op)) this.#held.delete(entity);
  }

  /** @param {number} op */
  entitiesOf(op) {
    const parts = Math.min(4, eventCount(this.seed, op));
    const numbers = Array.from({ length: parts }, (_, part) => entityNumber(this.seed, op, part));
    return [...new Set(numbers)];
  }

  /**
   * Acknowledged events of an entity.
   *
   * @param {number} entity
   */
  versionOf(entity) {
    return this.#versions[entity] ?? 0;
  }

  /**
   * First position of an operation, or 0 where it is not known (yet).
   *
   * @param {number} op
   */
  firstPositionOf(op) {
    return Math.max(0, this.#firstPositions.get(op));
  }

  /**
   * An operation was refused: no reader may ever see it.
   *
   * @param {number} op
   */
  refuse(op) {
    if (this.firstPositionOf(op) > 0) throw new Violation(`op ${op} was refused, and is there`);
    this.#firstPositions.set(op, neverWritten);
  }

  /**
   * @param {number} op
   * @param {readonly AppendResult[]} results
   */
  acknowledge(op, results) {
    const count = eventCount(this.seed, op);
    check(results.length === count, `op ${op}: ${results.length} results for ${count} events`);
    for (const [part, result] of results.entries()) {
      const entity = entityNumber(this.seed, op, part);
      const version = this.versionOf(entity) + 1;
      const is = `${result.event_id} version ${result.version}`;
      const should = `${eventIdOf(this.seed, op, part)} version ${version}`;
      check(is === should, `op ${op}, part ${part}: acknowledged ${is}, expected ${should}`);
      this.#learn(op, part, result.position, 'acknowledgement');
      this.#versions[entity] = version;
    }
    this.eventsAcknowledged += count;
  }

  /**
   * An event that a reader was shown: it has to be as it was made, at the place where it always was.
   *
   * @param {WireEvent} event
   * @param {string} where
   */
  observe(event, where) {
    const { op, part } = originOf(event.id);
    const isOurs = op >= 1 && op <= this.opsBegun && part < eventCount(this.seed, op);
    check(isOurs, `${where}: event ${event.id} was never sent`);
    const made = makeEvent(this.seed, op, part);
    const isSame =
      event.id === made.event_id &&
      event.event_type === made.event_type &&
      event.entity_id === made.entity_id &&
      JSON.stringify(event.payload) === JSON.stringify(made.payload);
    check(isSame, `${where}: event ${event.id} at ${event.position} is not as it was sent`);
    this.#learn(op, part, event.position, where);
  }

  /**
   * Number of the entity of the event at a known position.
   *
   * @param {number} position
   */
  entityNumberAt(position) {
    const { op, part } = this.#at(position);
    return entityNumber(this.seed, op, part);
  }

  /** @param {number} position known */
  eventTypeAt(position) {
    const { op, part } = this.#at(position);
    return eventTypeOf(this.seed, op, part);
  }

  /** @param {number} position */
  isKnown(position) {
    return this.#opAt.get(position) > 0;
  }

  /** @param {number} position */
  #at(position) {
    const op = this.#opAt.get(position);
    check(op > 0, `position ${position} was asked for before it was known`);
    return { op, part: position - this.#firstPositions.get(op) };
  }

  /**
   * @param {number} op
   * @param {number} part
   * @param {number} position
   * @param {string} where
   */
  #learn(op, part, position, where) {
    const first = position - part;
    const known = this.#firstPositions.get(op);
    const isNew = known === 0 && first >= 1;
    check(isNew || known === first, `${where}: op ${op} at ${first}, known at ${known}`);
    const opThere = this.#opAt.get(position);
    const isFree = opThere === 0 || opThere === op;
    check(isFree, `${where}: op ${op} at ${position}, where op ${opThere} was`);
    this.#firstPositions.set(op, first);
    this.#opAt.set(position, op);
    while (this.isKnown(this.knownThrough + 1)) this.knownThrough += 1;
  }
}

/**
 * @param {boolean} holds
 * @param {string} message
 */
export function check(holds, message) {
  if (!holds) throw new Violation(message);
}
