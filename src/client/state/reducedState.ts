import { entityNotFound } from '../../domain/index.js';
import type { Reducer, StoredEvent } from '../../domain/index.js';
import type { ReadOptions, ReducedState, ReducedStateOptions } from '../../eventStore/index.js';
import { badOption, checkNames } from '../wire/parameters.js';

const names: ReadonlySet<string> = new Set(['tenantId', 'asOf', 'version']);

interface Reading {
  readonly read: (options: ReadOptions) => AsyncIterable<StoredEvent>;
}

/** What a reducer makes of the events of an entity: made here, since the server has no reducer. */
export async function readReducedState<S>(
  { read }: Reading,
  reducer: Reducer<S>,
  { entityId, ...options }: ReducedStateOptions & { readonly entityId: string },
): Promise<ReducedState<S>> {
  checkNames(options, names);
  const { tenantId, asOf, version: wanted } = options;
  checkVersion(wanted, asOf);
  let [state, version, lastUpdated] = [reducer.init(), 0, 0];
  for await (const event of read({ tenantId, entityId, asOf, limit: wanted })) {
    state = reducer.apply(state, event);
    ({ version, timestamp: lastUpdated } = event);
  }
  if (version === 0 || version !== (wanted ?? version)) throw entityNotFound(entityId, options);
  return { entityId, state, version, lastUpdated };
}

function checkVersion(version: number | undefined, asOf: unknown): void {
  if (version === undefined) return;
  if (asOf !== undefined) throw badOption('version', 'give either a version or as_of');
  if (Number.isSafeInteger(version) && version >= 1) return;
  throw badOption('version', `expected a whole number from 1, got ${String(version)}`);
}
