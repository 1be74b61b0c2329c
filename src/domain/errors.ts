import type { StoredEvent } from './event.js';

/**
 * The one table of errors. Every error that leaves this package has a `code` from here; the HTTP
 * status and the docs come from the same rows. Callers branch on `code` (or on the typed
 * subclasses below), never on the text of a message.
 */

export interface ErrorRow {
  /** HTTP status that the server answers with. */
  readonly status: number;
  /** What the code means, for the reference page and for `/openapi.json`. */
  readonly meaning: string;
}

export const errorTable = {
  validation_error: { status: 400, meaning: 'A field breaks a rule; the message names both.' },
  invalid_query: {
    status: 400,
    meaning: 'A query parameter is unknown or has a bad value, or SQL is wrong or not allowed.',
  },
  invalid_json: { status: 400, meaning: 'The body is not JSON (RFC 8259) or not UTF-8.' },
  payload_schema_violation: {
    status: 400,
    meaning: 'The payload breaks the schema of its event type; nothing of the append was written.',
  },
  unauthenticated: { status: 401, meaning: 'No credentials, or credentials that are not valid.' },
  forbidden: { status: 403, meaning: 'The credentials do not allow this.' },
  tenant_inactive: { status: 403, meaning: 'The tenant was deactivated; its data is kept.' },
  event_not_found: { status: 404, meaning: 'No event has this id.' },
  entity_not_found: { status: 404, meaning: 'The entity has no events.' },
  tenant_not_found: { status: 404, meaning: 'There is no tenant of this id.' },
  user_not_found: { status: 404, meaning: 'The tenant has no user of this id.' },
  api_key_not_found: { status: 404, meaning: 'The tenant has no API key of this id.' },
  backup_not_found: { status: 404, meaning: 'The directory has no backup of this id.' },
  snapshot_not_found: { status: 404, meaning: 'The entity has no snapshot.' },
  consumer_not_found: { status: 404, meaning: 'The tenant has no consumer of this name.' },
  webhook_not_found: { status: 404, meaning: 'The tenant has no webhook of this name.' },
  dead_letter_not_found: { status: 404, meaning: 'The consumer has no such dead letter.' },
  pipeline_not_found: { status: 404, meaning: 'The tenant has no pipeline of this id.' },
  projection_not_found: { status: 404, meaning: 'The tenant has no projection of this name.' },
  projection_state_not_found: { status: 404, meaning: 'The projection has no state of this key.' },
  schema_not_found: {
    status: 404,
    meaning: 'The tenant has no such subject, version of its schema, or mapping.',
  },
  replay_not_found: { status: 404, meaning: 'The tenant has no replay of this id.' },
  policy_not_found: { status: 404, meaning: 'There is no retention policy of this name.' },
  route_not_found: { status: 404, meaning: 'No route has this path.' },
  method_not_allowed: { status: 405, meaning: 'The route exists, but not for this method.' },
  request_timeout: { status: 408, meaning: 'The request did not arrive in time.' },
  query_timeout: { status: 408, meaning: 'The query did not end within the time that it had.' },
  version_conflict: { status: 409, meaning: 'The entity is not at the expected version.' },
  append_condition_failed: {
    status: 409,
    meaning: 'Events match that must not be there; the answer has them, and from where to retry.',
  },
  tenant_exists: { status: 409, meaning: 'There is a tenant of this id.' },
  user_exists: { status: 409, meaning: 'There is a user of this name, in this tenant or another.' },
  webhook_exists: { status: 409, meaning: 'There is a webhook of this name.' },
  consumer_exists: { status: 409, meaning: 'A consumer of this name has other options.' },
  pipeline_exists: { status: 409, meaning: 'A pipeline of this id has another definition.' },
  incompatible_schema: {
    status: 409,
    meaning:
      'The compatibility mode of the subject forbids the change; each breaking one is in details.',
  },
  projection_conflict: {
    status: 409,
    meaning:
      'There is a projection of this name that is newer, of another kind, or kept elsewhere; or its ' +
      'states are of another log.',
  },
  projection_stopped: {
    status: 409,
    meaning:
      'The projection does not run, so it does not come to the position that is waited for; or its ' +
      'states are elsewhere, and it was not started here.',
  },
  replay_running: {
    status: 409,
    meaning: 'The replay still runs, or states of the projection are being built anew already.',
  },
  backup_running: {
    status: 409,
    meaning: 'Another backup, deletion or restore is at work in the directory.',
  },
  store_exists: {
    status: 409,
    meaning: 'There is something where a store was to be restored; nothing is written over it.',
  },
  event_id_conflict: { status: 409, meaning: 'The event id was used for other content.' },
  events_dropped: {
    status: 410,
    meaning:
      'Events that are needed were dropped from the front of the log; ask for those behind them.',
  },
  payload_too_large: { status: 413, meaning: 'The body or event is over its size limit.' },
  unsupported_media_type: { status: 415, meaning: 'The content type is not one that is taken.' },
  unprocessable: { status: 422, meaning: 'Understood, but it cannot be carried out.' },
  backup_damaged: {
    status: 422,
    meaning: 'A file of the backup is damaged or missing; the message names it.',
  },
  rate_limited: {
    status: 429,
    meaning: 'Too many requests, or failed logins; Retry-After says when to try again.',
  },
  quota_exceeded: { status: 429, meaning: 'The tenant has what its quota allows already.' },
  headers_too_large: { status: 431, meaning: 'The head of the request is over its size limit.' },
  internal_error: { status: 500, meaning: 'A defect in the store; nothing was acknowledged.' },
  not_implemented: { status: 501, meaning: 'Known to the protocol, not offered by this version.' },
  sql_unavailable: {
    status: 501,
    meaning: 'SQL needs the package @duckdb/node-api, which is not installed where the store runs.',
  },
  append_outcome_unknown: {
    status: 503,
    meaning:
      'The disk failed while the append was under way: it may or may not be there after ' +
      'reopening. Retrying with the same event id is safe and exact.',
  },
  storage_unavailable: {
    status: 503,
    meaning: 'The store takes no writes (failed disk, damage, or opened read-only); reads go on.',
  },
  storage_damaged: {
    status: 503,
    meaning: 'A file of the store is damaged; file and offset named.',
  },
  overloaded: { status: 503, meaning: 'Too much work is waiting; try again.' },
  shutting_down: { status: 503, meaning: 'The store or server is closing.' },
  server_unreachable: {
    status: 503,
    meaning: 'A client got no answer of the server, or lost the connection before its end.',
  },
  storage_full: { status: 507, meaning: 'The disk is full; the append was not written.' },
  store_locked: { status: 500, meaning: 'Another process has this data directory open.' },
  store_closed: { status: 500, meaning: 'The store was closed before this call.' },
  invalid_configuration: { status: 500, meaning: 'An option or setting has a bad value.' },
  addon_load_failed: { status: 500, meaning: 'The native addon could not be loaded.' },
  aborted: { status: 499, meaning: 'The caller aborted the call through its AbortSignal.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** One finding in `details`: where it is and which rule it breaks. */
export interface ErrorDetail {
  readonly field?: string;
  readonly line?: number;
  /** Number of the event in its batch, from 0. */
  readonly event?: number;
  /** Of a payload that breaks its schema: this schema and version, where in the payload, and the keyword. */
  readonly subject?: string;
  readonly version?: number;
  readonly pointer?: string;
  readonly rule?: string;
  readonly reason: string;
}

export class AllSourceError extends Error {
  override readonly name: string = 'AllSourceError';
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[] | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { details?: readonly ErrorDetail[] } = {},
  ) {
    super(message, options);
    this.code = code;
    this.details = options.details;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}

/** `field: reason`, with both in the details. */
export function fieldError(code: ErrorCode, field: string, reason: string): AllSourceError {
  return new AllSourceError(code, `${field}: ${reason}`, { details: [{ field, reason }] });
}

/** The entity was not at the version that the append expected. Nothing was written. */
export class VersionConflictError extends AllSourceError {
  override readonly name = 'VersionConflictError';
  readonly entityId: string;
  readonly expectedVersion: number | 'exists' | 'none';
  /** The entity's version now; 0 = it does not exist. */
  readonly currentVersion: number;

  constructor(conflict: {
    entityId: string;
    expectedVersion: number | 'exists' | 'none';
    currentVersion: number;
  }) {
    super(
      'version_conflict',
      `entity ${JSON.stringify(conflict.entityId)} is at version ${conflict.currentVersion}, expected ` +
        `${conflict.expectedVersion}; read it again and decide on what is there now`,
    );
    this.entityId = conflict.entityId;
    this.expectedVersion = conflict.expectedVersion;
    this.currentVersion = conflict.currentVersion;
  }
}

/**
 * Events match that the append said must not be there. Nothing was written. Add `events` to what the
 * decision is made on, decide again, and append with `after: position`: no second read is needed.
 */
export class AppendConditionError extends AllSourceError {
  override readonly name = 'AppendConditionError';
  /** The first of them, in order; at most 100, and without those dropped from the log. */
  readonly events: readonly StoredEvent[];
  /** All events that match up to here are among `events`. */
  readonly position: number;

  constructor(message: string, found: { events: readonly StoredEvent[]; position: number }) {
    super('append_condition_failed', message);
    this.events = found.events;
    this.position = found.position;
  }
}

/** The event id is taken by an event with other content. Nothing was written. */
export class EventIdConflictError extends AllSourceError {
  override readonly name = 'EventIdConflictError';
  readonly eventId: string;

  constructor(eventId: string) {
    super(
      'event_id_conflict',
      `event_id ${eventId} was already used for an event with other content; use a new id for a new event`,
    );
    this.eventId = eventId;
  }
}

/** `entity_not_found`, with what was asked for. */
export function entityNotFound(
  entityId: string,
  wanted: { readonly asOf?: unknown; readonly version?: number | undefined },
): AllSourceError {
  const name = JSON.stringify(entityId);
  if (wanted.version !== undefined) {
    return new AllSourceError(
      'entity_not_found',
      `entity ${name} has no version ${wanted.version}`,
    );
  }
  const when = wanted.asOf === undefined ? '' : ' up to as_of';
  return new AllSourceError('entity_not_found', `entity ${name} has no events${when}`);
}

export function closedError(): AllSourceError {
  return new AllSourceError('store_closed', 'the store was closed; open it again to use it');
}

export function abortedError(): AllSourceError {
  return new AllSourceError('aborted', 'the call was aborted by its signal');
}

const endings: ReadonlySet<string> = new Set(['aborted', 'store_closed']);

/** Whether work ended because its caller or the store did, and not by a failure. */
export function isBrokenOff(error: unknown): boolean {
  return error instanceof AllSourceError && endings.has(error.code);
}
