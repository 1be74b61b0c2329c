import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { ErrorCode } from '../../domain/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import type { Purpose } from '../http/index.js';
import type { StreamCounters } from '../stream/index.js';
import { addCountersOf } from './countersOf.js';
import { addConsumerMetrics } from './consumerMetrics.js';
import { addPipelineMetrics } from './pipelineMetrics.js';
import { addProjectionMetrics } from './projectionMetrics.js';
import { addReplayMetrics } from './replayMetrics.js';
import { addSchemaMetrics } from './schemaMetrics.js';
import { addBackupMetrics } from './storage/backupMetrics.js';
import { addParquetMetrics } from './storage/parquetMetrics.js';
import { addRetentionMetrics } from './storage/retentionMetrics.js';
import { addStoreMetrics } from './storeMetrics.js';
import { addWebhookMetrics } from './webhookMetrics.js';

/** Bucket bounds in seconds: from a read in memory to a request at its time limit. */
const durationBuckets = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
  0.25, 0.5, 1, 2.5, 5, 10, 30,
];

const knownMethods: ReadonlySet<string> = new Set([
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
]);

interface RequestMeasures {
  readonly requestMs: number;
  /** Time from the whole request to its answer. */
  readonly workMs: number;
  readonly results: number;
  /** Undefined where the request went well. */
  readonly code: ErrorCode | undefined;
}

interface Measured {
  readonly streams: StreamCounters;
  readonly rateLimits: { readonly refused: number };
  /** Whether the process is measured, too. */
  readonly isOfProcess: boolean;
}

/** Counts the requests of one method of one route. */
export interface RouteMeter {
  record(status: number, measures: RequestMeasures): void;
}

/**
 * The metrics of one app, in a registry of its own. Labels are route patterns, methods, statuses,
 * query types and error codes: their number is fixed by the code, except for event types, which are
 * bounded.
 */
export class Metrics {
  readonly registry = new Registry();
  requestsInFlight = 0;
  readonly #requests = new Counter({
    name: 'allsource_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'endpoint', 'status'],
    registers: [this.registry],
  });
  readonly #requestSeconds = this.#histogram(
    'allsource_http_request_duration_seconds',
    'Time from the head of a request to its answer.',
    ['method', 'endpoint'],
  );
  readonly #ingestSeconds = this.#histogram(
    'allsource_ingestion_duration_seconds',
    'Time from a whole append request to its acknowledgement.',
    [],
  );
  readonly #ingestErrors = new Counter({
    name: 'allsource_ingestion_errors_total',
    help: 'Append requests that were refused or failed, by error code.',
    labelNames: ['code'],
    registers: [this.registry],
  });
  readonly #queries = new Counter({
    name: 'allsource_queries_total',
    help: 'Queries answered without an error.',
    labelNames: ['query_type'],
    registers: [this.registry],
  });
  readonly #querySeconds = this.#histogram(
    'allsource_query_duration_seconds',
    'Time from a whole query to the end of its answer.',
    ['query_type'],
  );
  readonly #queryResults = new Counter({
    name: 'allsource_query_results_total',
    help: 'Events or rows in the answers of queries.',
    labelNames: ['query_type'],
    registers: [this.registry],
  });

  readonly #authFailures = new Counter({
    name: 'allsource_auth_failures_total',
    help: 'Requests without valid credentials, failed logins among them.',
    registers: [this.registry],
  });

  constructor(store: EmbeddedStore, { streams, rateLimits, isOfProcess }: Measured) {
    const inFlight = (): number => this.requestsInFlight;
    new Gauge({
      name: 'allsource_http_requests_in_flight',
      help: 'Requests under way.',
      registers: [this.registry],
      collect() {
        this.set(inFlight());
      },
    });
    addStoreMetrics(this.registry, { store, streams });
    addConsumerMetrics(this.registry, store);
    addWebhookMetrics(this.registry, store);
    addProjectionMetrics(this.registry, store);
    addReplayMetrics(this.registry, store);
    addPipelineMetrics(this.registry, store);
    addSchemaMetrics(this.registry, store);
    addBackupMetrics(this.registry, store);
    addParquetMetrics(this.registry, store);
    addRetentionMetrics(this.registry, store);
    addCountersOf(
      this.registry,
      [
        {
          name: 'rate_limited_total',
          help: 'Requests that were refused because their tenant asked for too many.',
          read: ({ refused }) => refused,
        },
      ],
      () => rateLimits,
    );
    if (isOfProcess) collectDefaultMetrics({ register: this.registry });
  }

  authFailed(): void {
    this.#authFailures.inc();
  }

  /** The meter of a route; methods outside the usual ones are counted as one. */
  meter(endpoint: string, method: string, purpose: Purpose): RouteMeter {
    const labels = { endpoint, method: knownMethods.has(method) ? method : 'other' };
    const seconds = this.#requestSeconds.labels(labels);
    const byStatus = new Map<number, Counter.Internal>();
    const recordPurpose = this.#purposeRecorder(purpose);
    return {
      record: (status, measures) => {
        let count = byStatus.get(status);
        if (count === undefined) {
          count = this.#requests.labels({ ...labels, status });
          byStatus.set(status, count);
        }
        count.inc();
        seconds.observe(measures.requestMs / 1000);
        recordPurpose(measures);
      },
    };
  }

  #purposeRecorder(purpose: Purpose): (measures: RequestMeasures) => void {
    if (purpose.kind === 'service') return () => undefined;
    if (purpose.kind === 'ingest') {
      const seconds = this.#ingestSeconds.labels({});
      return ({ workMs, code }) => {
        if (code === undefined) seconds.observe(workMs / 1000);
        else this.#ingestErrors.inc({ code });
      };
    }
    const labels = { query_type: purpose.queryType };
    const queries = this.#queries.labels(labels);
    const seconds = this.#querySeconds.labels(labels);
    const results = this.#queryResults.labels(labels);
    return ({ workMs, results: count, code }) => {
      if (code !== undefined) return;
      queries.inc();
      seconds.observe(workMs / 1000);
      results.inc(count);
    };
  }

  #histogram<T extends string>(name: string, help: string, labelNames: T[]): Histogram<T> {
    const registers = [this.registry];
    return new Histogram({ name, help, labelNames, buckets: durationBuckets, registers });
  }
}
