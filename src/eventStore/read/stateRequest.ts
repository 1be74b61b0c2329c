import { AllSourceError, formatTimestamp, stateHistoryDefault } from '../../domain/index.js';
import { mergeKind, readFlag } from '../../engine/index.js';
import type { StateArguments } from '../../engine/index.js';
import { mergedSnapshotType, snapshotTenantOf } from '../snapshotNames.js';
import type { StateOptions } from '../types.js';
import { checkedLimit, microsOf, tenantOf, textOf } from './query.js';

const laterNumbersBytes = 32;

/** `merged`: the merged object alone; otherwise the document in wire names, or in those of the API. */
export type StateForm = 'wire' | 'api' | 'merged';

export interface StateRequest {
  readonly tenantId: string;
  readonly entityId: string;
  /** NaN where it is not asked for, as `version`. */
  readonly asOfMicros: number;
  readonly version: number;
  /** `none`: the state is made elsewhere, and the document has null in its place. */
  readonly merge: keyof typeof mergeKind;
  /** Event type of the snapshots from which on events are merged, or counted. */
  readonly snapshotType: string;
  readonly historyLimit: number;
  readonly form: StateForm;
}

export interface StateAnswer {
  readonly bytes: Buffer;
  /** Of the last event that counts, and where and when that was. */
  readonly version: number;
  readonly position: number;
  readonly timestamp: number;
  /** Events that were merged: those that no snapshot had. */
  readonly folded: number;
}

/** Throws `invalid_query` and `validation_error`. */
export function toStateRequest(
  entityId: string,
  options: StateOptions,
  form: StateForm,
): StateRequest {
  const { merge = 'shallow', historyLimit = stateHistoryDefault } = options;
  // Callers without types give what they like.
  if (!['shallow', 'deep'].includes(merge)) {
    throw badValue('merge', `expected "shallow" or "deep", got ${merge}`);
  }
  return {
    tenantId: tenantOf(options.tenantId),
    entityId: textOf(entityId, 'entity_id'),
    ...endOf(options),
    merge,
    snapshotType: mergedSnapshotType(merge),
    historyLimit: checkedLimit(historyLimit, 0, 10_000, 'history_limit'),
    form,
  };
}

/** The same without a state, on from snapshots of another kind. */
export function toUnmergedRequest(
  entityId: string,
  options: StateOptions,
  { form, snapshotType }: Pick<StateRequest, 'form' | 'snapshotType'>,
): StateRequest {
  return { ...toStateRequest(entityId, options, form), merge: 'none', snapshotType };
}

/** Where a state ends; NaN is what is not asked for. */
export function endOf({ asOf, version }: Pick<StateOptions, 'asOf' | 'version'>): {
  readonly asOfMicros: number;
  readonly version: number;
} {
  if (asOf !== undefined && version !== undefined) {
    throw badValue('version', 'give either a version or as_of');
  }
  const wanted =
    version === undefined ? NaN : checkedLimit(version, 1, Number.MAX_SAFE_INTEGER, 'version');
  return { asOfMicros: microsOf(asOf, 'as_of'), version: wanted };
}

export function stateArguments(request: StateRequest): StateArguments {
  const { tenantId, entityId, asOfMicros, version, merge, snapshotType } = request;
  const { historyLimit, form } = request;
  const flags = form === 'merged' ? readFlag.mergedOnly : form === 'api' ? readFlag.apiStyle : 0;
  return [
    tenantId,
    entityId,
    asOfMicros,
    version,
    mergeKind[merge],
    snapshotTenantOf(tenantId),
    snapshotType,
    flags,
    asOfText(asOfMicros, form),
    historyLimit,
  ];
}

/** What the pool made: the text and its numbers. */
export function laterState(answer: Buffer): StateAnswer | undefined {
  if (answer.length === 0) return undefined;
  const end = answer.length - laterNumbersBytes;
  return {
    bytes: answer.subarray(0, end),
    version: answer.readDoubleLE(end),
    position: answer.readDoubleLE(end + 8),
    timestamp: answer.readDoubleLE(end + 16),
    folded: answer.readDoubleLE(end + 24),
  };
}

function asOfText(micros: number, form: StateForm): string {
  if (Number.isNaN(micros)) return 'null';
  return form === 'api' ? String(micros) : `"${formatTimestamp(micros)}"`;
}

function badValue(field: string, reason: string): AllSourceError {
  return new AllSourceError('invalid_query', `${field}: ${reason}`, {
    details: [{ field, reason }],
  });
}
