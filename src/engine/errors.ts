import { AllSourceError, EventIdConflictError, VersionConflictError } from '../domain/index.js';
import type { ErrorCode } from '../domain/index.js';
import { nativeCodes } from './port.js';
import type { NativeRefusal } from './port.js';

/**
 * The public error of what a native call threw; errors that are not the engine's come back as is.
 * `linesBefore` are lines of the same input in earlier batches, for the line number in the message.
 */
export function fromNative(error: unknown, linesBefore = 0): unknown {
  if (!(error instanceof Error) || !('nativeCode' in error)) return error;
  const field = 'field' in error && typeof error.field === 'string' ? error.field : '';
  const line = 'line' in error ? Number(error.line) : 0;
  return nativeError(Number(error.nativeCode), error.message, {
    field,
    line: line === 0 ? 0 : line + linesBefore,
  });
}

/** What a native call answers; what it throws as a public error. */
export function calling<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

/** `field` and `line` say what is to blame; empty and 0 where nothing is. */
export function nativeError(
  nativeCode: number,
  reason: string,
  { field = '', line = 0 }: { field?: string | undefined; line?: number } = {},
): AllSourceError {
  const message = line === 0 ? reason : `line ${line}: ${reason}`;
  const rule = reason.startsWith(`${field}: `) ? reason.slice(field.length + 2) : reason;
  const detail = {
    ...(field === '' ? {} : { field }),
    ...(line === 0 ? {} : { line }),
    reason: rule,
  };
  const options = field === '' && line === 0 ? {} : { details: [detail] };
  return new AllSourceError(publicCode(nativeCode), message, options);
}

/** A failed condition as the engine tells it: whoever passes it on reads the events. */
export class MatchedEvents extends AllSourceError {
  constructor(
    message: string,
    readonly positions: readonly number[],
    readonly matchedTo: number,
  ) {
    super('append_condition_failed', message);
  }
}

/** The error of one refused event or batch. */
export function refusalError(refusal: NativeRefusal): AllSourceError {
  const code = publicCode(refusal.nativeCode);
  if (code === 'version_conflict') {
    const expected = refusal.expectedKind === 'exists' ? 'exists' : (refusal.expectedVersion ?? 0);
    return new VersionConflictError({
      entityId: refusal.entityId ?? '',
      expectedVersion: expected,
      currentVersion: refusal.currentVersion ?? 0,
    });
  }
  if (code === 'append_condition_failed') {
    return new MatchedEvents(refusal.message, refusal.matches ?? [], refusal.matchedTo ?? 0);
  }
  if (code === 'event_id_conflict') return new EventIdConflictError(refusal.eventId ?? '');
  return nativeError(refusal.nativeCode, refusal.message, { field: refusal.field });
}

function publicCode(nativeCode: number): ErrorCode {
  const code = nativeCodes[nativeCode];
  return code === undefined || code === 'ok' || code === 'busy' ? 'internal_error' : code;
}
