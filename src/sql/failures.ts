import { AllSourceError, abortedError, closedError } from '../domain/index.js';
import { duckPackage } from './limits.js';

/** A query that is understood, but may not run. */
export function refused(
  reason: string,
  node: Readonly<Record<string, unknown>> = {},
): AllSourceError {
  const at = Number(node['query_location']);
  const place = Number.isSafeInteger(at) ? ` (at character ${at + 1})` : '';
  return invalidQuery(`not allowed: ${reason}${place}`);
}

export function invalidQuery(reason: string): AllSourceError {
  return new AllSourceError('invalid_query', `query: ${reason}`, {
    details: [{ field: 'query', reason }],
  });
}

/** Whoever opens the store sees to it that the package is there. */
export function unavailable(cause: unknown): AllSourceError {
  const isMissing = (cause as { readonly code?: unknown } | null)?.code === 'ERR_MODULE_NOT_FOUND';
  const reason = isMissing
    ? 'which is not installed'
    : `which could not be loaded: ${textOf(cause)}`;
  return new AllSourceError(
    'sql_unavailable',
    `SQL needs the package ${duckPackage}, ${reason}; install it beside allsource-core ` +
      `(npm install ${duckPackage})`,
    { cause },
  );
}

export function tooOld(version: string, versionMin: string): AllSourceError {
  return new AllSourceError(
    'sql_unavailable',
    `SQL needs ${duckPackage} ${versionMin} or newer, got one with DuckDB ${version}; install a newer one`,
  );
}

/** Why a query was ended from outside. */
export type EndCause = 'aborted' | 'closed' | { readonly timeoutMs: number };

export function errorOfEnd(cause: EndCause): AllSourceError {
  if (cause === 'aborted') return abortedError();
  if (cause === 'closed') return closedError();
  return new AllSourceError(
    'query_timeout',
    `the query did not end within ${cause.timeoutMs} ms; ask for less, or give it more time`,
  );
}

/** Kinds of errors of DuckDB that are about the query, or about values that it meets. */
const kindsOfQuery =
  /^(Binder|Catalog|Conversion|Decimal|Invalid Input|Invalid Type|Mismatch Type|Not implemented|Out of Range|Parser|Syntax|Constraint|Parameter Not Resolved|Invalid Configuration)\b/;

/** What DuckDB said, as an error of the table. */
export function errorOfDuck(error: unknown, memoryMb: number): AllSourceError {
  if (error instanceof AllSourceError) return error;
  const message = textOf(error);
  if (message.startsWith('Out of Memory Error')) {
    return new AllSourceError(
      'unprocessable',
      `the query needs more than the ${memoryMb} MiB that all queries share; ask for less, or give sql more memory`,
    );
  }
  if (kindsOfQuery.test(message)) return invalidQuery(message.trim());
  if (message.startsWith('Permission Error')) return invalidQuery('not allowed: it reads files');
  return new AllSourceError('internal_error', 'the query failed inside of DuckDB', {
    cause: error,
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
