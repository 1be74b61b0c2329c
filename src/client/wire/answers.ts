import {
  AllSourceError,
  AppendConditionError,
  EventIdConflictError,
  VersionConflictError,
  errorTable,
} from '../../domain/index.js';
import type { ErrorCode, ErrorDetail } from '../../domain/index.js';
import { toApiName, toEvent } from './documents.js';
import type { WireEvent } from './documents.js';

/** Characters of an error answer that are read; our own have a few hundred. */
const problemCharsMax = 64 * 1024 * 1024;
const transientCodes: ReadonlySet<string> = new Set([
  'overloaded',
  'shutting_down',
  'server_unreachable',
]);

/** The error body of every answer, and the error frame of a WebSocket. */
export interface Problem {
  readonly error: string;
  readonly code: string;
  readonly details?: readonly ErrorDetail[];
  readonly entity_id?: string;
  readonly expected_version?: number | 'exists' | 'none';
  readonly current_version?: number;
  readonly event_id?: string;
  readonly events?: readonly WireEvent[];
  readonly position?: number;
}

/** True where the same call may go through a moment later. */
export function isTransient(error: unknown): boolean {
  return error instanceof AllSourceError && transientCodes.has(error.code);
}

/** What an answer that is not 2xx says. */
export async function errorOfAnswer(base: string, response: Response): Promise<AllSourceError> {
  const text = (await response.text()).slice(0, problemCharsMax);
  const problem = parseProblem(text);
  return problem === undefined ? strangeAnswer(base, response) : errorOfProblem(problem);
}

/** A proxy that can't reach the server, or something else altogether. */
export function strangeAnswer(base: string, { ok, status }: Response): AllSourceError {
  const what = ok
    ? 'something that is not JSON'
    : `${status} without an error that allsource knows`;
  return new AllSourceError(
    status >= 500 ? 'server_unreachable' : 'unprocessable',
    `${base} answered ${what}; is that an allsource server?`,
  );
}

export function errorOfProblem(problem: Problem): AllSourceError {
  const { code, error: message } = problem;
  if (!isErrorCode(code)) return new AllSourceError('internal_error', `${message} (${code})`);
  const { entity_id: entityId, expected_version: expected, current_version: current } = problem;
  if (code === 'version_conflict' && entityId !== undefined && expected !== undefined) {
    return new VersionConflictError({
      entityId,
      expectedVersion: expected,
      currentVersion: current ?? 0,
    });
  }
  if (code === 'append_condition_failed' && problem.events !== undefined) {
    const { events, position = 0 } = problem;
    return new AppendConditionError(message, { events: events.map(toEvent), position });
  }
  if (code === 'event_id_conflict' && problem.event_id !== undefined) {
    return new EventIdConflictError(problem.event_id);
  }
  const details = problem.details?.map(toApiDetail);
  return new AllSourceError(code, message, details && { details });
}

export function unreachable(base: string, cause: unknown): AllSourceError {
  const reason = reasonOf(cause);
  return new AllSourceError(
    'server_unreachable',
    `${base} can't be reached: ${reason}; see whether the server is running and its address is right`,
    { cause },
  );
}

/** A connection that was lost while an answer came. */
export function brokenAnswer(base: string, cause: unknown): AllSourceError {
  return new AllSourceError(
    'server_unreachable',
    `${base}: the connection ended in the middle of the answer: ${reasonOf(cause)}; see whether ` +
      'the server is still running',
    { cause },
  );
}

/** Of an append, which may have been written before the connection was lost. */
export function outcomeUnknown(error: AllSourceError): AllSourceError {
  return new AllSourceError(
    'append_outcome_unknown',
    `${error.message}; the append may or may not have been written. What has event ids of yours can ` +
      'be sent again as it is',
    { cause: error },
  );
}

/** The same error under another code, where the caller knows better what it is about. */
export function withCode(error: AllSourceError, code: ErrorCode): AllSourceError {
  const { details } = error;
  return new AllSourceError(code, error.message, { ...(details && { details }), cause: error });
}

function parseProblem(text: string): Problem | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) return undefined;
    const isProblem =
      'error' in body &&
      typeof body.error === 'string' &&
      'code' in body &&
      typeof body.code === 'string';
    // The server's own form; what is optional in it is looked at where it is used.
    return isProblem ? (body as Problem) : undefined;
  } catch {
    // Not JSON: something that is not allsource; the caller says so.
    return undefined;
  }
}

function toApiDetail(detail: ErrorDetail): ErrorDetail {
  if (detail.field === undefined) return detail;
  return { ...detail, field: detail.field.split('.').map(toApiName).join('.') };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}

const systemReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'no answer in time',
};

/** Node.js names the reason in a cause; browsers tell none. */
function reasonOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === 'TimeoutError') return 'no answer in time';
    if ('code' in at && typeof at.code === 'string') return systemReasons[at.code] ?? at.code;
  }
  return 'no HTTP answer';
}
