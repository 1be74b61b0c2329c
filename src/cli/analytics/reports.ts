import {
  cohortsDocument,
  correlationDocument,
  countsDocument,
  fieldDocument,
  frequencyDocument,
  funnelDocument,
  summaryDocument,
} from '../../analytics/index.js';
import type {
  AnalyticsSummary,
  Cohorts,
  Correlation,
  Counts,
  FieldNumbers,
  FieldStatistics,
  Frequency,
  Funnel,
  GroupValue,
  TimeRange,
} from '../../analytics/index.js';
import { formatTimestamp } from '../../domain/index.js';
import {
  formatCount,
  formatTime,
  printJson,
  printNote,
  printPairs,
  TablePrinter,
} from '../output.js';

type Cells = readonly string[];

export async function printSummary(summary: AnalyticsSummary, json: boolean): Promise<void> {
  if (json) return printJson(summaryDocument(summary));
  await printPairs([
    ['events', formatCount(summary.totalEvents)],
    ['entities', formatCount(summary.uniqueEntities)],
    ['event types', formatCount(summary.uniqueEventTypes)],
    ['time range', showRange(summary.timeRange)],
    ['events a day', showNumber(summary.eventsPerDay)],
    ['first event', showTime(summary.firstEvent)],
    ['last event', showTime(summary.lastEvent)],
  ]);
  const share = ({ count, percentage }: { count: number; percentage: number }): Cells => [
    formatCount(count),
    showPercentage(percentage),
  ];
  await printTable(
    ['events', 'share', 'event type'],
    summary.topEventTypes.map((one) => [...share(one), one.eventType]),
  );
  await printTable(
    ['events', 'share', 'entity'],
    summary.topEntities.map((one) => [...share(one), one.entityId]),
  );
}

export async function printFrequency(frequency: Frequency, json: boolean): Promise<void> {
  if (json) return printJson(frequencyDocument(frequency));
  const rows = frequency.buckets.map(({ timestamp, count, eventTypes }) => [
    formatTime(formatTimestamp(timestamp)).replace(/\.000000Z$/, 'Z'),
    formatCount(count),
    Object.entries(eventTypes)
      .map(([type, n]) => `${type} ${formatCount(n)}`)
      .join(', '),
  ]);
  await printTable(['from', 'events', 'by type'], rows, 'no events match');
}

export async function printCounts(counts: Counts, json: boolean): Promise<void> {
  if (json) return printJson(countsDocument(counts));
  const rows = counts.counts.map(({ value, count, percentage }) => [
    formatCount(count),
    showPercentage(percentage),
    showValue(value),
  ]);
  await printTable(['events', 'share', 'value'], rows, 'no events match');
  const others = counts.distinct - counts.counts.length;
  if (others > 0) printNote(`${formatCount(others)} more values: give --limit`);
}

export async function printCorrelation(correlation: Correlation, json: boolean): Promise<void> {
  if (json) return printJson(correlationDocument(correlation));
  const { eventTypeA, eventTypeB, avgTimeBetweenSeconds: seconds } = correlation;
  await printPairs([
    [eventTypeA, formatCount(correlation.totalA)],
    [eventTypeB, formatCount(correlation.totalB)],
    [
      `${eventTypeA} near a ${eventTypeB}`,
      `${formatCount(correlation.correlatedPairs)} (${showPercentage(correlation.correlationPercentage)})`,
    ],
    ['seconds between them', showNumber(seconds)],
  ]);
  const rows = correlation.examples.map(({ eventA, eventB, timeBetweenSeconds, entityId }) => [
    showNumber(timeBetweenSeconds),
    eventA.id,
    eventB.id,
    entityId,
  ]);
  await printTable(['seconds', eventTypeA, eventTypeB, 'entity'], rows);
}

export async function printFunnel(funnel: Funnel, json: boolean): Promise<void> {
  if (json) return printJson(funnelDocument(funnel));
  const rows = funnel.steps.map((step) => [
    formatCount(step.entities),
    showPercentage(step.percentage),
    showPercentage(step.percentageOfPrevious),
    showNumber(step.medianSeconds),
    step.eventType,
  ]);
  await printTable(['entities', 'of first', 'of previous', 'median seconds', 'step'], rows);
}

export async function printCohorts(cohorts: Cohorts, json: boolean): Promise<void> {
  if (json) return printJson(cohortsDocument(cohorts));
  const periods = Math.max(0, ...cohorts.cohorts.map(({ retention }) => retention.length));
  const titles = Array.from({ length: periods }, (_, at) => `+${at + 1}`);
  const rows = cohorts.cohorts.map(({ timestamp, entities, retention }) => [
    formatTimestamp(timestamp).slice(0, 10),
    formatCount(entities),
    ...titles.map((_, at) => {
      const one = retention[at];
      return one === undefined ? '' : showPercentage(one.percentage);
    }),
  ]);
  await printTable([cohorts.period, 'entities', ...titles], rows, 'no events match');
}

export async function printField(statistics: FieldStatistics, json: boolean): Promise<void> {
  if (json) return printJson(fieldDocument(statistics));
  const { groups, field, ...all } = statistics;
  const percentiles = all.percentiles.map(({ percentile }) => `p${percentile}`);
  const titles = ['count', 'nulls', 'sum', 'min', 'max', 'mean', 'stddev', ...percentiles];
  const rows = (groups ?? []).map(({ value, ...one }) => [...numberCells(one), showValue(value)]);
  const label = groups === null ? field : 'all';
  await printTable(
    [...titles, groups === null ? 'field' : 'value'],
    [[...numberCells(all), label], ...rows],
  );
  if (all.approximate) printNote('percentiles are those of a sample');
}

function numberCells(numbers: FieldNumbers): Cells {
  const { count, nulls, sum, min, max, mean, stddev, percentiles } = numbers;
  return [
    formatCount(count),
    formatCount(nulls),
    ...[sum, min, max, mean, stddev, ...percentiles.map(({ value }) => value)].map(showNumber),
  ];
}

/** Numbers stand to the right; what the last column is, to the left. */
async function printTable(titles: Cells, rows: readonly Cells[], none?: string): Promise<void> {
  if (rows.length === 0 && none !== undefined) printNote(none);
  const columns = titles.map((title, at) => ({
    title,
    align: at === titles.length - 1 ? ('left' as const) : ('right' as const),
  }));
  await new TablePrinter(columns).print(rows);
}

function showNumber(value: number | null): string {
  if (value === null) return '-';
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}

function showPercentage(value: number): string {
  return `${value.toFixed(1)} %`;
}

function showValue(value: GroupValue): string {
  return typeof value === 'string' ? value : String(value);
}

function showTime(micros: number | null): string {
  return micros === null ? '-' : formatTime(formatTimestamp(micros));
}

function showRange({ from, to }: TimeRange): string {
  return from === null && to === null ? '-' : `${showTime(from)} to ${showTime(to)}`;
}
