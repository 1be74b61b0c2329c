/**
 * What operation number n writes, as a pure function of seed and n: so the driver can make it again
 * for a retry, and check every event that it meets without having kept it.
 */
import { Buffer } from 'node:buffer';

export const eventTypes = Array.from({ length: 24 }, (_, number) =>
  number < 12 ? `order.step-${number}` : `user.step-${number}`,
);
export const userPrefix = 'user.';
/** Entities that a store may hold; a bound for the driver's memory. */
export const entitiesMax = 2 ** 20;
const entitiesAtFirst = 64;
const activeEntities = 256;
const fillerLengths = [0, 10, 40, 100, 200, 300, 500, 900];
const longFillerLength = 20_000;
const longFiller = 'x'.repeat(longFillerLength);

/**
 * @typedef {object} SoakEvent
 * @property {string} event_id
 * @property {string} event_type
 * @property {string} entity_id
 * @property {{op: number, part: number, of: number, filler: string}} payload
 */

/**
 * 32 bits that depend on all three numbers.
 *
 * @param {number} seed
 * @param {number} number
 * @param {number} salt
 */
export function mix(seed, number, salt) {
  let bits = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number, 0xc2b2ae35);
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d) ^ Math.imul(salt + 1, 0x297a2d39);
  bits = Math.imul(bits ^ (bits >>> 12), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * Events of operation `op`: 1 for three in four, else 2 to 32.
 *
 * @param {number} seed
 * @param {number} op from 1
 */
export function eventCount(seed, op) {
  const bits = mix(seed, op, 1);
  return bits % 4 === 0 ? 2 + ((bits >>> 8) % 31) : 1;
}

/**
 * Number of the entity of one event: mostly one of the newest, one time in five any of all.
 * A batch is about up to four of them.
 *
 * @param {number} seed
 * @param {number} op
 * @param {number} part
 */
export function entityNumber(seed, op, part) {
  const born = Math.min(entitiesMax, entitiesAtFirst + Math.floor(op / 2));
  const bits = mix(seed, op, 2 + (part % 4));
  const range = bits % 5 === 0 ? born : Math.min(born, activeEntities);
  return born - 1 - ((bits >>> 4) % range);
}

/** @param {number} number */
export function entityIdOf(number) {
  return `soak-${number}`;
}

/**
 * @param {number} seed
 * @param {number} op
 * @param {number} part
 */
export function eventTypeOf(seed, op, part) {
  return eventTypes[mix(seed, op, 10 + part) % eventTypes.length] ?? '';
}

/**
 * @param {number} seed
 * @param {number} op
 * @param {number} part
 */
export function eventIdOf(seed, op, part) {
  const a = hex(mix(seed, op, 1000 + part), 8);
  const b = hex(mix(seed, op, 2000 + part), 8);
  const c = hex(op, 8) + hex(part, 4);
  return `${a}-${b.slice(0, 4)}-4${b.slice(4, 7)}-8${b.slice(5, 8)}-${c}`;
}

/**
 * The operation and part that an event id was made for.
 *
 * @param {string} eventId
 */
export function originOf(eventId) {
  return { op: parseInt(eventId.slice(24, 32), 16), part: parseInt(eventId.slice(32), 16) };
}

/**
 * @param {number} seed
 * @param {number} op
 * @param {number} part
 * @returns {SoakEvent}
 */
export function makeEvent(seed, op, part) {
  const bits = mix(seed, op, 3000 + part);
  const short = fillerLengths[bits % fillerLengths.length] ?? 0;
  const length = (bits >>> 4) % 800 === 0 ? longFillerLength : short;
  return {
    event_id: eventIdOf(seed, op, part),
    event_type: eventTypeOf(seed, op, part),
    entity_id: entityIdOf(entityNumber(seed, op, part)),
    payload: { op, part, of: eventCount(seed, op), filler: longFiller.slice(0, length) },
  };
}

/**
 * @param {number} seed
 * @param {number} op
 */
export function makeEvents(seed, op) {
  return Array.from({ length: eventCount(seed, op) }, (_, part) => makeEvent(seed, op, part));
}

/** @param {readonly object[]} events */
export function toNdjson(events) {
  return Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

/**
 * @param {number} number
 * @param {number} digits
 */
function hex(number, digits) {
  return number.toString(16).padStart(digits, '0');
}
