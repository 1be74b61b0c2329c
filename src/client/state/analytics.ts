import type {
  Analytics,
  AnalyticsFilter,
  AnalyticsRange,
  AnalyticsSummary,
  Cohorts,
  CohortsOptions,
  Correlation,
  CorrelationOptions,
  Counts,
  CountsOptions,
  FieldOptions,
  FieldStatistics,
  Frequency,
  FrequencyOptions,
  Funnel,
  FunnelOptions,
} from '../../analytics/index.js';
import type { Connection } from '../connection.js';
import {
  fromFunnel,
  toCohorts,
  toCorrelation,
  toCounts,
  toFrequency,
  toFunnel,
  toSummary,
} from '../wire/analyticsDocuments.js';
import type {
  WireCohorts,
  WireCorrelation,
  WireCounts,
  WireFrequency,
  WireFunnel,
  WireSummary,
} from '../wire/analyticsDocuments.js';
import { badOption, optionTables, toQuery } from '../wire/parameters.js';
import type { QueryParameters } from '../wire/parameters.js';

const root = '/api/v1/analytics';
/** Answers are made of many events. */
const waitMs = 270_000;

/** Analytics of a server's store. */
export class RemoteAnalytics implements Analytics {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async frequency(options: FrequencyOptions = {}): Promise<Frequency> {
    return toFrequency(await this.#ask<WireFrequency>('frequency', options));
  }

  async summary(options: AnalyticsFilter = {}): Promise<AnalyticsSummary> {
    return toSummary(await this.#ask<WireSummary>('summary', options));
  }

  async counts({ by, ...options }: CountsOptions = {}): Promise<Counts> {
    const wanted = { ...options, by: groupingOf(by) };
    return toCounts(await this.#ask<WireCounts>('counts', wanted));
  }

  async correlation(options: CorrelationOptions): Promise<Correlation> {
    return toCorrelation(await this.#ask<WireCorrelation>('correlation', options));
  }

  async funnel({ signal, ...options }: FunnelOptions): Promise<Funnel> {
    const wire = await this.#connection.json<WireFunnel>({
      path: `${root}/funnel`,
      method: 'POST',
      contentType: 'application/json',
      body: JSON.stringify(fromFunnel(options)),
      isRepeatable: true,
      signal,
      waitMs,
    });
    return toFunnel(wire);
  }

  async cohorts(options: CohortsOptions = {}): Promise<Cohorts> {
    return toCohorts(await this.#ask<WireCohorts>('cohorts', options));
  }

  field(path: string, options: FieldOptions = {}): Promise<FieldStatistics> {
    const { groupBy, percentiles, ...filter } = options;
    const texts = { groupBy: groupingOf(groupBy), percentiles: percentilesOf(percentiles) };
    // Its names are the same on the wire.
    return this.#ask<FieldStatistics>('field', { ...filter, ...texts }, { path });
  }

  async #ask<T>(
    question: 'frequency' | 'summary' | 'counts' | 'correlation' | 'cohorts' | 'field',
    { signal, ...options }: Pick<AnalyticsRange, 'signal'> & object,
    more: QueryParameters = {},
  ): Promise<T> {
    const query = { ...toQuery(options, optionTables[question]), ...more };
    const request = { path: `${root}/${question}`, query, isRepeatable: true, signal, waitMs };
    return this.#connection.json<T>(request);
  }
}

/** As the wire names it. */
function groupingOf(by: string | undefined): string | undefined {
  if (by === 'eventType') return 'event_type';
  return by === 'entityId' ? 'entity_id' : by;
}

function percentilesOf(percentiles: unknown): string | undefined {
  if (percentiles === undefined) return undefined;
  if (Array.isArray(percentiles)) return percentiles.join(',');
  throw badOption('percentiles', 'expected an array of numbers');
}
