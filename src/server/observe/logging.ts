import { type Logger, pino } from 'pino';
import type { AllSourceError } from '../../domain/index.js';
import type { Runtime } from '../runtime.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** Default `info`; `debug` adds a line for every request, `silent` writes nothing. */
  readonly level?: string | undefined;
  /** File descriptor of the output; default 2, stderr. */
  readonly descriptor?: number | undefined;
}

/**
 * JSON lines, written at once: what is logged before a crash is there after it. Lines hold request
 * ids, routes, statuses and durations; never payloads, query values or credentials.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  return pino(
    { level: options.level ?? 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: options.descriptor ?? 2, sync: true }),
  );
}

interface RequestRecord {
  readonly requestId: string;
  readonly method: string;
  /** The route's pattern, not the path: paths hold entity ids. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  /** True for answers whose length is the client's choice; they are never slow. */
  readonly isStream: boolean;
  readonly failure: { readonly told: AllSourceError; readonly cause: unknown } | undefined;
}

/**
 * Errors of the server at `error`, slow requests at `warn`, refused ones at `info`, all others at
 * `debug`.
 */
export function logRequest(runtime: Runtime, record: RequestRecord): void {
  const { logger } = runtime;
  const level = levelOf(record, runtime.settings.slowRequestMs);
  if (!logger.isLevelEnabled(level)) return;
  const { failure } = record;
  logger[level](
    {
      request_id: record.requestId,
      method: record.method,
      route: record.route,
      status: record.status,
      duration_ms: Math.round(record.durationMs * 1000) / 1000,
      ...(failure === undefined ? {} : { code: failure.told.code }),
      ...(level === 'error' ? { err: failure?.cause } : {}),
    },
    'request',
  );
}

function levelOf(record: RequestRecord, slowMs: number): 'debug' | 'error' | 'info' | 'warn' {
  if (record.status >= 500 && record.failure?.told.code !== 'shutting_down') return 'error';
  if (!record.isStream && record.durationMs >= slowMs) return 'warn';
  return record.status < 400 ? 'debug' : 'info';
}
