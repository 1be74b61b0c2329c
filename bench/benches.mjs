/**
 * One row of the table: one module, run in a process of its own in every round.
 *
 * @typedef {object} Bench
 * @property {string} name
 * @property {'events/s' | 'requests/s' | 'µs' | 'ns' | 'ms' | 'MB' | 'MB/s'} unit
 * @property {string} module path below bench/
 * @property {object} options of the module's `run`
 * @property {string} [limit] figure of the limit program, measured before and after in each round
 * @property {string} [peer] what the value is compared with, where the module measures it itself
 * @property {boolean} [compare] true for peers: only with --compare
 */

/** Bytes of one event of the order input in the log: alone in its frame, and in a batch. */
export const recordBytesAlone = 360;
export const recordBytesInBatch = 320;

const parsePeer = 'JSON.parse of the same bytes';

const batch = (/** @type {number} */ events) => `${events}x${recordBytesInBatch}`;
const alone = (/** @type {number} */ events) => `${events}x${recordBytesAlone}`;

/** The physical limit on its own: the sizes that the benches below bring to the disk. */
export const limitFigures = [
  ...[`${alone(1)}`, `${alone(64)}`, `${alone(1_000)}`, `${batch(2_048)}`].flatMap((group) => [
    `copy:${group}`,
    `write:${group}:prewritten`,
    `write:${group}:growing`,
    `sync:${group}:prewritten`,
    `sync:${group}:growing`,
  ]),
];

/** @type {readonly Bench[]} */
export const benches = [
  ...['durable', 'memory'].flatMap((mode) => [...batchBenches(mode), ...singleBenches(mode)]),
  ...conditionBenches(),
  ...schemaBenches(),
  ...liveBenches(),
  ...derivedBenches(),
  ...readBenches(),
  ...analyticsBenches(),
  ...columnarBenches(),
  ...httpBenches(),
  ...openBenches(),
  ...referenceBenches(),
  ...microBenches(),
  ...compareBenches(),
];

/**
 * The limit of an append in this mode: the disk's, or that of copying and checking the same bytes.
 *
 * @param {string} mode
 * @param {string} group
 */
function limitOf(mode, group) {
  return mode === 'durable' ? `sync:${group}:prewritten` : `copy:${group}`;
}

/**
 * @param {string} mode
 * @returns {Bench[]}
 */
function batchBenches(mode) {
  /** @type {(name: string, inFlight: number, events: number, options?: object) => Bench} */
  const make = (name, inFlight, events, options = {}) => ({
    name,
    unit: 'events/s',
    module: 'throughput/batchAppend.mjs',
    options: { mode, inFlight, events, ...options },
    limit: limitOf(mode, batch(inFlight * events)),
  });
  return [
    make(`ndjson-${mode}-4x512`, 4, 512),
    make(`ndjson-${mode}-1x512`, 1, 512),
    make(`ndjson-${mode}-4x5000`, 4, 5_000),
    make(`ndjson-${mode}-4x512-full-results`, 4, 512, { results: 'full' }),
    make(`objects-${mode}-4x512`, 4, 512, { input: 'objects' }),
  ];
}

/**
 * @param {string} mode
 * @returns {Bench[]}
 */
function singleBenches(mode) {
  /** @type {(name: string, inFlight: number, options?: object) => Bench} */
  const make = (name, inFlight, options = {}) => ({
    name,
    unit: 'events/s',
    module: 'throughput/singleAppend.mjs',
    options: { mode, inFlight, ...options },
    limit: limitOf(mode, alone(inFlight)),
  });
  return [
    mode === 'durable' ? oneAtATimeBench() : make(`append-${mode}-1`, 1),
    make(`append-${mode}-8`, 8),
    make(`append-${mode}-64`, 64),
    make(`append-${mode}-1000`, 1_000),
    make(`append-${mode}-1000-bytes`, 1_000, { input: 'bytes' }),
  ];
}

/** @returns {Bench} */
function oneAtATimeBench() {
  const figure = limitOf('durable', alone(1));
  return {
    name: 'append-durable-1',
    unit: 'events/s',
    module: 'throughput/oneAtATime.mjs',
    options: { figure },
    peer: `${figure}, in turns`,
  };
}

/** @returns {Bench[]} */
function conditionBenches() {
  return [
    [64, 1],
    [16, 10],
  ].map(([inFlight, events]) => ({
    name: `condition-durable-${inFlight}x${events}`,
    unit: 'events/s',
    module: 'throughput/conditionalAppend.mjs',
    options: { mode: 'durable', inFlight, events },
    peer: 'the same without a condition, in turns',
  }));
}

/** @returns {Bench[]} */
function schemaBenches() {
  return ['enforced', 'others'].map((of) => ({
    name: `schema-${of}-durable-4x1000`,
    unit: 'events/s',
    module: 'throughput/enforcedAppend.mjs',
    options: { of, inFlight: 4, events: 1_000 },
    peer: 'the same in a store without schemas, in turns',
  }));
}

/** @returns {Bench[]} */
function liveBenches() {
  return [
    ...['process', 'webSocket'].map((via) => ({
      name: `delivery-durable-${via.toLowerCase()}`,
      unit: /** @type {const} */ ('ms'),
      module: 'live/deliveryLatency.mjs',
      options: { via, rate: via === 'process' ? 100_000 : 20_000, mode: 'durable' },
    })),
    ...['bytes', 'objects', 'webSocket'].map((via) => ({
      name: `catch-up-1m-${via.toLowerCase()}`,
      unit: /** @type {const} */ ('events/s'),
      module: 'live/catchUp.mjs',
      options: { via },
    })),
    ...[1, 100, 1_000].map((clients) => ({
      name: `fan-out-durable-${clients}`,
      unit: /** @type {const} */ ('events/s'),
      module: 'live/fanOut.mjs',
      options: { clients },
    })),
    ...['handler', 'append', 'pull'].flatMap((via) =>
      [1, 4, 16].map((members) => ({
        name: `consume-durable-${via}-${members}`,
        unit: /** @type {const} */ ('events/s'),
        module: 'live/consume.mjs',
        options: { via, members },
      })),
    ),
  ];
}

/**
 * What is derived from events: projections and pipelines.
 *
 * @returns {Bench[]}
 */
function derivedBenches() {
  const unit = 'events/s';
  const events = 1_000_000;
  const projection = { unit: /** @type {const} */ (unit), module: 'state/projectionRate.mjs' };
  const pipelineRate = { unit: /** @type {const} */ (unit), module: 'state/pipelineRate.mjs' };
  return [
    ...['counter', 'entities'].map((of) => ({
      name: `projection-1m-${of}`,
      ...projection,
      options: { of, isRebuild: false, events },
    })),
    {
      name: 'rebuild-1m-entities',
      ...projection,
      options: { of: 'entities', isRebuild: true, events },
    },
    ...['running', 'panes'].map((of) => ({
      name: `pipeline-1m-${of}`,
      ...pipelineRate,
      options: { of, events },
    })),
    ...[64, 1_000].map((inFlight) => ({
      name: `append-beside-pipelines-durable-${inFlight}`,
      unit: /** @type {const} */ (unit),
      module: 'state/appendsBeside.mjs',
      options: { mode: 'durable', inFlight },
      peer: 'the same while the pipelines are paused, in turns',
    })),
  ];
}

/** @returns {Bench[]} */
function stateBenches() {
  return ['', '-snapshot'].flatMap((kept) =>
    ['merged', 'history', 'deep', 'reducer'].map((via) => ({
      name: `state-1000${kept}-${via}`,
      unit: /** @type {const} */ ('µs'),
      module: 'read/keptState.mjs',
      options: { via, isKept: kept !== '' },
    })),
  );
}

/** @returns {Bench[]} */
function readBenches() {
  const unit = 'µs';
  return [
    ...[10, 100].flatMap(entityBenches),
    {
      name: 'type-1000-bytes',
      unit,
      module: 'read/typeBytes.mjs',
      options: {},
      limit: `copy:${batch(1_000)}`,
    },
    { name: 'state-1000', unit, module: 'read/entityState.mjs', options: {}, peer: parsePeer },
    ...stateBenches(),
    { name: 'event-by-id', unit, module: 'read/eventById.mjs', options: {}, peer: parsePeer },
  ];
}

/**
 * @param {number} events
 * @returns {Bench[]}
 */
function entityBenches(events) {
  return [
    {
      name: `entity-${events}-bytes`,
      unit: 'µs',
      module: 'read/entityBytes.mjs',
      options: { events },
      limit: `copy:${batch(events)}`,
    },
    {
      name: `entity-${events}-objects`,
      unit: 'µs',
      module: 'read/entityObjects.mjs',
      options: { events },
      peer: parsePeer,
    },
  ];
}

/** @returns {Bench[]} */
function analyticsBenches() {
  return ['types', 'types-bounded', 'entities', 'days', 'field', 'groups'].map((of) => ({
    name: `analytics-1m-${of}`,
    unit: /** @type {const} */ ('ms'),
    module: 'analytics/questions.mjs',
    options: { of, events: 1_000_000 },
    peer: 'DuckDB over the same events as NDJSON',
  }));
}

/**
 * Columns, and events as Parquet.
 *
 * @returns {Bench[]}
 */
function columnarBenches() {
  const module = 'columnar/exported.mjs';
  const events = 1_000_000;
  return [
    {
      name: 'columns-1m-field',
      unit: 'ms',
      module: 'columnar/typedColumn.mjs',
      options: { events },
      peer: 'DuckDB over the same events as NDJSON',
    },
    {
      name: 'export-1m-parquet',
      unit: 'events/s',
      module,
      options: { of: 'rate', events },
      peer: 'DuckDB, from NDJSON to Parquet',
    },
    {
      name: 'export-1m-size',
      unit: 'MB',
      module,
      options: { of: 'size', events },
      peer: 'the same events as NDJSON',
    },
    { name: 'export-1m-memory', unit: 'MB', module, options: { of: 'memory', events } },
    {
      name: 'export-10m-memory',
      unit: 'MB',
      module,
      options: { of: 'memory', events: 10 * events },
    },
    ...['files', 'export'].map((beside) => ({
      name: `append-beside-parquet-${beside}`,
      unit: /** @type {const} */ ('ms'),
      module: 'columnar/appendsBeside.mjs',
      options: { beside, events, rate: 1_000 },
      peer: 'the same appends before and behind',
    })),
  ];
}

/** @returns {Bench[]} */
function httpBenches() {
  return [
    {
      name: 'http-append-durable-64',
      unit: 'requests/s',
      module: 'http/append.mjs',
      options: { connections: 64 },
      limit: `sync:${alone(64)}:prewritten`,
    },
    {
      name: 'http-ndjson-durable',
      unit: 'events/s',
      module: 'http/ndjson.mjs',
      options: { connections: 4, events: 1_000 },
      limit: `sync:${batch(4_000)}:prewritten`,
    },
  ];
}

/** @returns {Bench[]} */
function openBenches() {
  const module = 'memory/coldOpen.mjs';
  return [
    { name: 'rss-1m-cold', unit: 'MB', module, options: { figure: 'rss' } },
    { name: 'open-1m-cold', unit: 'ms', module, options: { figure: 'open' } },
  ];
}

/** @returns {Bench[]} */
function referenceBenches() {
  return [1, 1_000, 10_000].map((events) => ({
    name: `reference-memory-${events}`,
    unit: 'events/s',
    module: 'throughput/referenceSetUp.mjs',
    options: { events },
    peer: "the reference's claim of 469 000/s",
  }));
}

/** @returns {Bench[]} */
function microBenches() {
  const cases = {
    'micro/timestamp.mjs': ['format', 'parse'],
    'micro/cursor.mjs': ['encode', 'decode'],
    'micro/entityRead.mjs': ['bytes', 'objects'],
    'micro/appendStaging.mjs': ['object', 'bytes'],
    'micro/stringify.mjs': ['order'],
  };
  return Object.entries(cases).flatMap(([module, names]) =>
    names.map((name) => ({
      name: `${module.replace('/', '-').replace('.mjs', '')}-${name}`,
      unit: /** @type {const} */ ('ns'),
      module,
      options: { case: name },
    })),
  );
}

/** @returns {Bench[]} */
function compareBenches() {
  return [1, 64, 1_000].flatMap((inFlight) =>
    ['rawFile', 'sqlite', 'postgres'].map((peer) => ({
      name: `peer-${peer.toLowerCase()}-durable-${inFlight}`,
      unit: /** @type {const} */ ('events/s'),
      module: `compare/${peer}.mjs`,
      options: { inFlight },
      limit: `sync:${alone(inFlight)}:prewritten`,
      compare: true,
    })),
  );
}
