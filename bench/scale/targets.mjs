/**
 * What a store of 10 million events must reach on a 2-core machine.
 *
 * @type {readonly import('../targets.mjs').Target[]}
 */
export const scaleTargets = [
  {
    bench: 'scale-open-10m',
    of: 'value',
    atMost: 150,
    meaning:
      'Milliseconds of openEventStore in a fresh process, files of the store dropped from the page ' +
      'cache before.',
  },
  {
    bench: 'scale-open-growth-10m',
    of: 'ratio',
    atMost: 1.5,
    meaning: 'The same time as a multiple of that of 1 000 000 events in the same run.',
  },
  {
    bench: 'scale-rss-open-10m',
    of: 'value',
    atMost: 300,
    meaning: 'Resident memory of that process in MB (10^6 bytes) after opening.',
  },
  {
    bench: 'scale-rss-read-10m',
    of: 'value',
    atMost: 300,
    meaning: 'The same after 10 000 reads of entities at random.',
  },
  ...['new', 'old'].map((entities) => ({
    bench: `scale-append-${entities}-10m`,
    of: /** @type {const} */ ('ratio'),
    atLeast: 0.85,
    meaning:
      `Appends of NDJSON batches (512 lines, four in flight) to ${entities} entities, as a share of ` +
      'the same to a store that began empty with the run, in turns in the same process.',
  })),
  ...['window', 'spread'].map((kind) => ({
    bench: `scale-entity-${kind}-10m`,
    of: /** @type {const} */ ('value'),
    atMost: 10,
    meaning:
      'Microseconds of one awaited readBytes of an entity with 10 events, one of 1 000 at random ' +
      `that were read before (${kind}: see the guide).`,
  })),
  {
    bench: 'scale-id-10m',
    of: 'value',
    atMost: 5,
    meaning:
      'Microseconds of one awaited getEventBytes, one of 1 000 ids at random that were asked for before.',
  },
  {
    bench: 'scale-verify-10m',
    of: 'ratio',
    atLeast: 0.5,
    orValueAtLeast: 1_000,
    meaning:
      'MB of segments a second that verify checks out of a cold page cache, as a share of reading ' +
      'the same files cold from end to end; or 1 000 MB/s.',
  },
];
