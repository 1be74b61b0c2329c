/** What quotas are called on the wire. */
export const quotaNames = {
  maxEventsPerDay: 'max_events_per_day',
  maxStorageBytes: 'max_storage_bytes',
  maxQueriesPerHour: 'max_queries_per_hour',
  maxApiKeys: 'max_api_keys',
  maxProjections: 'max_projections',
  maxPipelines: 'max_pipelines',
  requestsPerMinute: 'requests_per_minute',
  requestBurst: 'request_burst',
} as const;

type QuotaName = keyof typeof quotaNames;

/** Quotas by the names of the API, of a document that has some of them. */
export function quotasOf(
  document: Readonly<Record<string, unknown>>,
): Partial<Record<QuotaName, number>> {
  const entries = Object.entries(quotaNames).map(([name, wire]) => [name, document[wire]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
