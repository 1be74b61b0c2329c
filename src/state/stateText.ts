import { AllSourceError, jsonFault } from '../domain/index.js';
import type { Reducer } from '../domain/index.js';

/** JSON text of a state; `unprocessable` where JSON can't keep it as it is. */
export function stateText({ entityType, version }: Reducer, state: unknown): Buffer {
  const fault = jsonFault(state);
  if (fault === undefined) return Buffer.from(JSON.stringify(state));
  const where = fault.path === '' ? `is ${fault.name}` : `has ${fault.name} at ${fault.path}`;
  throw new AllSourceError(
    'unprocessable',
    `reducer ${entityType} version ${version}: the state ${where}, which JSON can't keep; ` +
      'use JSON values only',
  );
}
