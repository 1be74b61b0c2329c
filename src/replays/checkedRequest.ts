import { AllSourceError, parseTimestamp } from '../domain/index.js';
import { tenantOf, textOf } from '../eventStore/index.js';
import { partitionsMax, usualPartitions } from '../projections/index.js';
import type { Selection } from '../projections/index.js';
import type { ReplayConfig, ReplayMode, ReplayRequest } from './types.js';

export const batchEventsMax = 10_000;
export const workersMax = 32;
const modes: ReadonlySet<string> = new Set(['clear', 'blue_green']);
const requestNames: Readonly<Record<keyof ReplayRequest, true>> = {
  tenantId: true,
  projectionName: true,
  fromTimestamp: true,
  toTimestamp: true,
  entityId: true,
  eventType: true,
  mode: true,
  config: true,
};
const configNames: Readonly<Record<keyof ReplayConfig, true>> = {
  batchSize: true,
  parallel: true,
  workers: true,
  partitions: true,
  emitProgress: true,
  progressInterval: true,
};

export interface CheckedRequest {
  readonly tenantId: string;
  readonly projectionName: string | undefined;
  readonly selection: Omit<Selection, 'goal'>;
  readonly mode: ReplayMode;
  readonly batchEvents: number;
  readonly atOnce: number;
  readonly partitions: number | undefined;
  /** Whether it was asked for: a projection that may not be partitioned is refused then. */
  readonly mustBePartitioned: boolean;
  readonly progressEvents: number | null;
}

/** What a request asks for, with all that it left out; throws `validation_error`. */
export function checkedRequest(request: ReplayRequest): CheckedRequest {
  checkNames(request, requestNames, '');
  const { projectionName, entityId, eventType, mode = 'clear', config = {} } = request;
  if (!modes.has(mode)) throw invalid('mode', "'clear' or 'blue_green'", mode);
  const since = timeOf(request.fromTimestamp, 'from_timestamp');
  const until = timeOf(request.toTimestamp, 'to_timestamp');
  if (since !== undefined && until !== undefined && since > until) {
    throw invalid('to_timestamp', 'a time that is not before from_timestamp', request.toTimestamp);
  }
  return {
    tenantId: tenantOf(request.tenantId),
    projectionName: optionalText(projectionName, 'projection_name'),
    selection: {
      entityId: optionalText(entityId, 'entity_id'),
      eventType: optionalText(eventType, 'event_type'),
      since,
      until,
    },
    mode,
    ...checkedConfig(config),
  };
}

function checkedConfig(
  config: ReplayConfig,
): Omit<CheckedRequest, 'tenantId' | 'projectionName' | 'selection' | 'mode'> {
  checkNames(config, configNames, 'config.');
  const { batchSize = 1000, parallel = false, workers = 4 } = config;
  const { emitProgress = true, progressInterval = 1000 } = config;
  if (typeof parallel !== 'boolean') throw invalid('config.parallel', 'true or false', parallel);
  if (typeof emitProgress !== 'boolean') {
    throw invalid('config.emit_progress', 'true or false', emitProgress);
  }
  const atOnce = countOf(workers, workersMax, 'config.workers');
  const { partitions = parallel ? usualPartitions() : undefined } = config;
  if (partitions !== undefined) countOf(partitions, partitionsMax, 'config.partitions');
  const interval = countOf(progressInterval, Number.MAX_SAFE_INTEGER, 'config.progress_interval');
  return {
    batchEvents: countOf(batchSize, batchEventsMax, 'config.batch_size'),
    atOnce: parallel ? atOnce : 1,
    partitions,
    mustBePartitioned: config.partitions !== undefined,
    progressEvents: emitProgress ? interval : null,
  };
}

function countOf(value: number, max: number, field: string): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  const most = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
  throw invalid(field, `a whole number from 1${most}`, value);
}

function timeOf(time: number | string | undefined, field: string): number | undefined {
  if (time === undefined) return undefined;
  const micros = typeof time === 'string' ? parseTimestamp(time, field) : time;
  if (Number.isSafeInteger(micros)) return micros;
  throw invalid(field, 'whole microseconds since 1970, or an RFC 3339 time', time);
}

function optionalText(text: string | undefined, field: string): string | undefined {
  return text === undefined ? undefined : textOf(text, field);
}

/** A field that is misspelt must not become a replay of everything. */
function checkNames(given: object, names: Readonly<Record<string, true>>, prefix: string): void {
  for (const name in given) {
    if (!Object.hasOwn(names, name)) throw invalid(`${prefix}${name}`, 'no such field', undefined);
  }
}

function invalid(field: string, expected: string, value: unknown): AllSourceError {
  const got = typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : String(value);
  const reason = value === undefined ? expected : `expected ${expected}, got ${got}`;
  const message = `${field}: ${reason}`;
  return new AllSourceError('validation_error', message, { details: [{ field, reason }] });
}
