import { Turns } from '../domain/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { cohortsOf } from './questions/cohorts.js';
import { correlationOf } from './questions/correlation.js';
import { countsOf } from './questions/counts.js';
import { fieldOf } from './questions/field.js';
import { frequencyOf } from './questions/frequency.js';
import { funnelOf } from './questions/funnel.js';
import { Source } from './source.js';
import { questionsAtOnce, questionsWaitingMax } from './limits.js';
import { summaryOf } from './questions/summary.js';
import type {
  Analytics,
  AnalyticsFilter,
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
} from './types.js';

/** Analytics of a store in this process. */
export class StoreAnalytics implements Analytics {
  readonly #source: Source;
  readonly #turns = new Turns({
    atOnce: questionsAtOnce,
    waitingMax: questionsWaitingMax,
    name: 'questions',
  });

  constructor(system: SystemAccess) {
    this.#source = new Source(system);
  }

  frequency(options: FrequencyOptions = {}): Promise<Frequency> {
    return this.#turns.run(() => frequencyOf(this.#source, options), options.signal);
  }

  summary(options: AnalyticsFilter = {}): Promise<AnalyticsSummary> {
    return this.#turns.run(() => summaryOf(this.#source, options), options.signal);
  }

  counts(options: CountsOptions = {}): Promise<Counts> {
    return this.#turns.run(() => countsOf(this.#source, options), options.signal);
  }

  correlation(options: CorrelationOptions): Promise<Correlation> {
    return this.#turns.run(() => correlationOf(this.#source, options), options.signal);
  }

  funnel(options: FunnelOptions): Promise<Funnel> {
    return this.#turns.run(() => funnelOf(this.#source, options), options.signal);
  }

  cohorts(options: CohortsOptions = {}): Promise<Cohorts> {
    return this.#turns.run(() => cohortsOf(this.#source, options), options.signal);
  }

  field(path: string, options: FieldOptions = {}): Promise<FieldStatistics> {
    return this.#turns.run(() => fieldOf(this.#source, path, options), options.signal);
  }
}
