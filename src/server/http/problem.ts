import { AllSourceError, EventIdConflictError, VersionConflictError } from '../../domain/index.js';
import { RetryLaterError } from '../limits/index.js';
import { WireConditionError } from '../../eventStore/index.js';
import { jsonType } from './mediaTypes.js';
import type { WholeReply } from './types.js';

/** Codes of the table that tell an operator, not a client, what is wrong. */
const hiddenCodes: ReadonlySet<string> = new Set([
  'store_locked',
  'invalid_configuration',
  'addon_load_failed',
]);

/**
 * What a client is told of any thrown value. Errors from outside the table, and those about this
 * machine, become `internal_error` without a word about their cause: that stands in the log.
 */
export function publicError(error: unknown): AllSourceError {
  if (error instanceof AllSourceError) {
    if (error.code === 'store_closed') {
      return new AllSourceError('shutting_down', 'the store is closing; try again later');
    }
    if (!hiddenCodes.has(error.code)) return error;
  } else if (isBadRequest(error)) {
    return new AllSourceError('validation_error', 'path: expected percent-encoded UTF-8');
  }
  return new AllSourceError(
    'internal_error',
    'the server failed on this request; its log has the reason under this request_id',
    { cause: error },
  );
}

export function problemReply(error: AllSourceError, requestId: string): WholeReply {
  return {
    status: error.status,
    contentType: jsonType,
    body: problemText(error, requestId),
    headers: extraHeaders(error),
  };
}

/** The error body of every answer: see "error body" in docs/reference. */
export function problemText(error: AllSourceError, requestId: string): string {
  const text = JSON.stringify({
    error: error.message,
    code: error.code,
    request_id: requestId,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...conflictFields(error),
  });
  if (!(error instanceof WireConditionError)) return text;
  // Its events are JSON already, byte for byte as they were appended.
  return `${text.slice(0, -1)},"events":${error.wireEvents},"position":${error.position}}`;
}

function conflictFields(error: AllSourceError): object {
  if (error instanceof VersionConflictError) {
    return {
      entity_id: error.entityId,
      expected_version: error.expectedVersion,
      current_version: error.currentVersion,
    };
  }
  return error instanceof EventIdConflictError ? { event_id: error.eventId } : {};
}

function extraHeaders(error: AllSourceError): readonly string[] {
  if (error instanceof RetryLaterError) {
    return ['retry-after', String(error.retryAfterSeconds)];
  }
  if (error.code === 'overloaded' || error.code === 'shutting_down') return ['retry-after', '1'];
  return error.code === 'unauthenticated' ? ['www-authenticate', 'Bearer'] : [];
}

/** Express marks what it refuses itself, such as a path that cannot be decoded, with a status. */
function isBadRequest(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 400;
}
