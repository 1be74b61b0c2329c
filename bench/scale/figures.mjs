/** @typedef {'ms' | 'MB' | 'events/s' | 'µs' | 'MB/s'} Unit */

/**
 * One curve: a panel of the picture and a row of the table for each size.
 *
 * @typedef {object} Figure
 * @property {string} name of its bench, before the size
 * @property {string} title of its panel
 * @property {Unit} unit
 * @property {string} [peer] what its ratio is to
 */

/** @type {readonly Figure[]} */
export const figures = [
  { name: 'open', title: 'open, cold', unit: 'ms' },
  { name: 'rss-open', title: 'RSS after open', unit: 'MB' },
  { name: 'rss-read', title: 'RSS after 10 000 reads', unit: 'MB' },
  { name: 'append-new', title: 'append, new entities', unit: 'events/s', peer: 'young store' },
  { name: 'append-old', title: 'append, old entities', unit: 'events/s', peer: 'young store' },
  { name: 'verify', title: 'verify, cold', unit: 'MB/s', peer: 'cold read' },
  { name: 'entity-window', title: 'entity, 1 000 of a window', unit: 'µs' },
  { name: 'entity-spread', title: 'entity, 1 000 spread', unit: 'µs' },
  { name: 'id', title: 'event by id, 1 000 ids', unit: 'µs' },
  { name: 'entity-window-all', title: 'entity, 20 000 of a window', unit: 'µs' },
  { name: 'entity-spread-all', title: 'entity, 20 000 spread', unit: 'µs' },
  { name: 'id-object', title: 'event by id, parsed', unit: 'µs' },
  { name: 'id-all', title: 'event by id, 5 000 ids', unit: 'µs' },
  { name: 'entity-window-cold', title: 'entity of a window, cold', unit: 'µs' },
  { name: 'entity-spread-cold', title: 'entity spread, cold', unit: 'µs' },
  { name: 'type', title: 'page of 100 of a type', unit: 'µs' },
  { name: 'time', title: 'page of 100 since a time', unit: 'µs' },
  { name: 'open-growth', title: 'open', unit: 'ms', peer: 'smallest store' },
];

/** @param {number} events */
export function sizeName(events) {
  return events >= 1_000_000 ? `${events / 1_000_000}m` : `${events / 1_000}k`;
}

/** @param {string} name such as 10m or 100k */
export function parseSize(name) {
  const [, digits = '', unit] = /^(\d{1,4})(k|m)$/.exec(name) ?? [];
  const events = Number(digits) * (unit === 'm' ? 1_000_000 : 1_000);
  if (events < 100_000 || events > 1_000_000_000 || events % 100_000 !== 0) {
    throw new TypeError(`--events: expected sizes from 100k to 1000m such as 1m,10m, got ${name}`);
  }
  return events;
}
