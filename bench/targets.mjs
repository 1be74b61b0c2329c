import { scaleTargets } from './scale/targets.mjs';

/**
 * What the benches must reach on a 2-core machine. `atLeast` and `atMost` are in the unit of the
 * bench, or of its ratio to the limit or peer where `of` is `ratio`.
 *
 * @typedef {object} Target
 * @property {string} bench
 * @property {'value' | 'ratio'} of
 * @property {number} [atLeast]
 * @property {number} [atMost]
 * @property {number} [orValueAtLeast] a value that is enough whatever the ratio is
 * @property {string} meaning
 */

/** @type {readonly Target[]} */
export const targets = [
  ...scaleTargets,
  {
    bench: 'ndjson-durable-4x512',
    of: 'value',
    atLeast: 2_000_000,
    meaning:
      'Events a second acknowledged after fdatasync, NDJSON buffers of 512 lines with 200-byte ' +
      'payloads, four calls of appendBatch in flight, results as a summary.',
  },
  {
    bench: 'append-durable-1000',
    of: 'value',
    atLeast: 700_000,
    meaning:
      'Events a second acknowledged after fdatasync, one event object for each call of append, ' +
      '1 000 calls in flight.',
  },
  {
    bench: 'append-durable-1',
    of: 'ratio',
    atLeast: 0.9,
    meaning:
      'Appends a second with one call at a time, as a share of what write and fdatasync of one ' +
      'record on a pre-written file reach in the same round.',
  },
  ...[1, 10].map((events) => ({
    bench: `condition-durable-${events === 1 ? 64 : 16}x${events}`,
    of: /** @type {const} */ ('ratio'),
    atLeast: 0.75,
    meaning:
      `Atomic appends of ${events === 1 ? 'one event' : `${events} events`} with two tags each under a ` +
      'condition on a type and two tags behind the watermark, as a share of the same appends without it.',
  })),
  {
    bench: 'schema-enforced-durable-4x1000',
    of: 'value',
    atLeast: 200_000,
    meaning:
      'Events a second acknowledged after fdatasync, NDJSON buffers of 1 000 lines with 200-byte ' +
      'payloads, each checked against the schema of its type before anything is committed.',
  },
  {
    bench: 'schema-others-durable-4x1000',
    of: 'ratio',
    atLeast: 0.97,
    meaning:
      'The same appends of eight types without a schema to a store that has 200 for other types, as a ' +
      'share of those to a store without any.',
  },
  ...['merged', 'reducer'].map((via) => ({
    bench: `state-1000-snapshot-${via}`,
    of: /** @type {const} */ ('value'),
    atMost: via === 'merged' ? 20 : 200,
    meaning:
      `Microseconds for the ${via === 'merged' ? 'merged state' : 'state of a reducer'} of an entity ` +
      'with 1 000 events, the first 950 of them in a snapshot.',
  })),
  {
    bench: 'state-1000-merged',
    of: 'value',
    atMost: 1_000,
    meaning: 'Microseconds for the merged state of an entity with 1 000 events and no snapshot.',
  },
  {
    bench: 'delivery-durable-process',
    of: 'value',
    atMost: 2,
    meaning:
      'Milliseconds from an acknowledgement to the events in a live subscription of the same process, ' +
      '99th percentile, while 100 000 durable events a second are appended.',
  },
  {
    bench: 'projection-1m-counter',
    of: 'value',
    atLeast: 500_000,
    meaning:
      'Events a second that a projection of event counters takes in from the beginning of a log of a ' +
      'million events, until its states are durable.',
  },
  {
    bench: 'pipeline-1m-running',
    of: 'value',
    atLeast: 200_000,
    meaning:
      'Events a second that a pipeline of filter, map and reduce processes, each of which derives an ' +
      'event, until these are durable.',
  },
  ...[64, 1_000].map((inFlight) => ({
    bench: `append-beside-pipelines-durable-${inFlight}`,
    of: /** @type {const} */ ('ratio'),
    atLeast: 0.85,
    meaning:
      `Single appends a second, ${inFlight} in flight, while three such pipelines run, as a share of the ` +
      'same appends while they are paused.',
  })),
  {
    bench: 'analytics-1m-types',
    of: 'value',
    atMost: 5,
    meaning: 'Milliseconds for the counts by type of a million events.',
  },
  {
    bench: 'columns-1m-field',
    of: 'value',
    atMost: 400,
    meaning: 'Milliseconds for the sum of a field of a million payloads, read as a typed column.',
  },
  {
    bench: 'export-1m-parquet',
    of: 'value',
    atLeast: 250_000,
    meaning:
      'Events a second of `allsource export` of a million events as Parquet, from the start of its ' +
      'process to its end.',
  },
  {
    bench: 'export-1m-size',
    of: 'ratio',
    atMost: 0.35,
    meaning: 'Size of that file as a share of the size of the same events as NDJSON.',
  },
  ...['files', 'export'].map((beside) => ({
    bench: `append-beside-parquet-${beside}`,
    of: /** @type {const} */ ('ratio'),
    atMost: 1.2,
    meaning:
      '99th percentile of single durable appends, 1 000 a second, while a million events become Parquet ' +
      `${beside === 'files' ? "by the store's own thread" : 'by `allsource export`'}, as a multiple of that otherwise.`,
  })),
  {
    bench: 'catch-up-1m-websocket',
    of: 'value',
    atLeast: 200_000,
    meaning: 'Events a second that a WebSocket client gets from the beginning of a log, parsed.',
  },
  {
    bench: 'entity-10-bytes',
    of: 'value',
    atMost: 3,
    meaning:
      'Microseconds of one awaited readBytes of an entity with 10 events, entities at random.',
  },
  {
    bench: 'entity-10-objects',
    of: 'ratio',
    atMost: 1.3,
    meaning:
      'Time of one awaited readPage of an entity with 10 events, as a multiple of ' +
      'JSON.parse(bytes.toString()) of the same page, both in turn in the same process.',
  },
  {
    bench: 'http-ndjson-durable',
    of: 'value',
    atLeast: 700_000,
    meaning:
      'Events a second over loopback HTTP in bodies of 1 000 NDJSON lines, each answered after ' +
      'fdatasync; server and load generator in processes of their own on the same two cores.',
  },
  {
    bench: 'http-append-durable-64',
    of: 'value',
    atLeast: 20_000,
    meaning:
      'Requests a second over loopback HTTP, one event each, 64 connections without pipelining, ' +
      'each answered after fdatasync; server and load generator share the two cores.',
  },
  {
    bench: 'rss-1m-cold',
    of: 'value',
    atMost: 250,
    meaning:
      'Resident memory in MB (10^6 bytes) of a fresh Node process that opened a durable store ' +
      'of 1 000 000 events out of a cold page cache and read one entity of it.',
  },
];
