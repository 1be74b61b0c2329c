import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defineReducer } from '../../src/index.js';
import { openEventStore } from '../../src/store/index.js';
import { listen } from '../../src/server/index.js';
import { fill, segmentBytesMax, untilIndexed } from '../parquet/support.js';
import { Receiver } from '../webhooks/receiver.js';
import { append, appendLines, call, lines, silent, startListening } from './support.js';
import type { Target } from './support.js';

async function readMetrics(target: Target): Promise<Map<string, number>> {
  const { text, headers } = await call(target, { path: '/metrics' });
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/** Samples that a request of each kind moves, and those that appends move. */
const moving = [
  'allsource_events_ingested_total',
  'allsource_events_ingested_by_type{event_type="order.placed"}',
  'allsource_ingestion_duration_seconds_count',
  'allsource_ingestion_duration_seconds_sum',
  'allsource_ingestion_errors_total{code="version_conflict"}',
  'allsource_queries_total{query_type="events"}',
  'allsource_queries_total{query_type="entity_state"}',
  'allsource_query_duration_seconds_count{query_type="event_types"}',
  'allsource_query_results_total{query_type="events"}',
  'allsource_storage_events_total',
  'allsource_storage_entities_total',
  'allsource_wal_commit_batch_events_sum',
  'allsource_wal_commit_batch_events_count',
  'allsource_watermark_position',
  'allsource_http_requests_total{endpoint="/api/v1/events",method="POST",status="200"}',
  'allsource_http_requests_total{endpoint="unmatched",method="GET",status="404"}',
  'allsource_http_requests_total{endpoint="/api/v1/events/query",method="HEAD",status="200"}',
  'allsource_http_request_duration_seconds_count{endpoint="/api/v1/events",method="POST"}',
];

describe('/metrics', () => {
  it('moves with what happens', async () => {
    const target = await startListening();
    const before = await readMetrics(target);
    await append(target);
    await append(target, { entity_id: 'other', expected_version: 9 });
    await append(target, { entity_id: 'other' });
    await call(target, { path: '/api/v1/events/query' });
    await call(target, { path: '/api/v1/events/query', method: 'HEAD' });
    await call(target, { path: '/api/v1/entities/order-1/state' });
    await call(target, { path: '/api/v1/event-types' });
    await call(target, { path: '/nowhere/1' });
    const after = await readMetrics(target);
    for (const name of moving) {
      expect(after.get(name), name).toBeGreaterThan(before.get(name) ?? 0);
    }
    expect(after.get('allsource_http_requests_in_flight')).toBe(1);
    expect(after.get('allsource_wal_segments_total')).toBeGreaterThan(0);
  });

  it('moves with the disk', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'allsource-metrics-'));
    onTestFinished(() => rm(dataDir, { recursive: true }));
    const store = await openEventStore({ dataDir });
    onTestFinished(() => store.close());
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    onTestFinished(() => server.close());
    const target = { store, port: server.port };
    const before = await readMetrics(target);
    await append(target);
    const after = await readMetrics(target);
    for (const name of ['sync_duration_seconds_sum', 'sync_duration_seconds_count']) {
      const sample = `allsource_wal_${name}`;
      expect(after.get(sample), sample).toBeGreaterThan(before.get(sample) ?? 0);
    }
    expect(after.get('allsource_storage_size_bytes')).toBeGreaterThan(0);
    expect(after.get('allsource_index_bytes')).toBeGreaterThan(0);
  });

  it('moves with snapshots, also with those that fail', async () => {
    const failing = defineReducer({
      entityType: 'failing',
      version: 1,
      init: () => ({}),
      on: {
        'order.placed': () => {
          throw new Error('never');
        },
      },
    });
    const store = await openEventStore({
      memory: true,
      reducers: [failing],
      snapshots: { eventThreshold: 2 },
    });
    onTestFinished(() => store.close());
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    onTestFinished(() => server.close());
    const target = { store, port: server.port };
    await append(target);
    await store.append({ eventType: 'a.b', entityId: 'e', payload: {}, tenantId: 'two' });
    const eventuallyIs = (expected: Readonly<Record<string, number>>) =>
      expect
        .poll(async () => Object.fromEntries(await readMetrics(target)), { timeout: 10_000 })
        .toMatchObject(expected);
    await eventuallyIs({
      allsource_snapshots_created_total: 0,
      allsource_snapshots_failed_total: 0,
      allsource_snapshots_total: 0,
      allsource_snapshot_creation_duration_seconds_count: 0,
    });
    await store.snapshots.create('order-1');
    await store.snapshots.create('e', { tenantId: 'two' });
    await append(target);
    await append(target, { entity_id: 'failing-1' });
    await append(target, { entity_id: 'failing-1' });
    await eventuallyIs({
      allsource_snapshots_failed_total: 1,
      allsource_snapshots_created_total: 2,
      allsource_snapshots_total: 2,
      allsource_snapshot_creation_duration_seconds_count: 2,
    });
    const after = await readMetrics(target);
    const seconds = 'allsource_snapshot_creation_duration_seconds_sum';
    expect(after.get(seconds)).toBeGreaterThan(0);
    expect(after.get('allsource_queries_total{query_type="snapshots"}') ?? 0).toBe(0);
    await call(target, { path: '/api/v1/snapshots' });
    await call(target, { path: '/api/v1/snapshots/order-1/latest' });
    await eventuallyIs({
      'allsource_queries_total{query_type="snapshots"}': 1,
      'allsource_queries_total{query_type="snapshot"}': 1,
    });
  });

  it('moves with webhooks, by outcome', async () => {
    const target = await startListening({ allowPrivateWebhooks: true });
    const receiver = await Receiver.listen();
    const { webhooks } = target.store;
    const options = { url: receiver.url(), maxAttempts: 1, timeoutMs: 100 };
    await webhooks.create({ ...options, name: 'w', tenantId: 'default' });
    const of = (name: string, more = '') =>
      `allsource_webhook_${name}{tenant="default",webhook="w"${more}}`;
    const posts = (outcome: string) => of('posts_total', `,outcome="${outcome}"`);
    const eventuallyIs = (expected: Readonly<Record<string, number>>) =>
      expect
        .poll(async () => Object.fromEntries(await readMetrics(target)), { timeout: 10_000 })
        .toMatchObject(expected);
    await eventuallyIs({ [posts('taken')]: 0, [posts('refused')]: 0, [of('paused')]: 0 });
    await append(target);
    await eventuallyIs({ [posts('taken')]: 1, [of('failures_in_a_row')]: 0 });
    receiver.answer = () => 500;
    await append(target, { entity_id: 'b' });
    await eventuallyIs({ [posts('refused')]: 1, [of('failures_in_a_row')]: 1 });
    receiver.answer = () => 'silence';
    await append(target, { entity_id: 'c' });
    await eventuallyIs({ [posts('unanswered')]: 1, [of('failures_in_a_row')]: 2 });
    await eventuallyIs({ [posts('taken')]: 1, [of('dead_letters')]: 2 });
    await webhooks.pause('w');
    await append(target, { entity_id: 'd' });
    const after = await readMetrics(target);
    expect(after.get(of('paused'))).toBe(1);
    expect(after.get(of('lag_positions'))).toBeGreaterThan(0);
  });

  it('moves with Parquet files, also with runs that fail', { timeout: 120_000 }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'allsource-metrics-'));
    onTestFinished(() => rm(dataDir, { recursive: true }));
    const store = await openEventStore({ dataDir, segmentBytesMax, parquet: { minFiles: 2 } });
    onTestFinished(() => store.close());
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    onTestFinished(() => server.close());
    const target = { store, port: server.port };
    await fill(store, 1500);
    await readMetrics(target);
    const report = await store.parquet.compact();
    const { filesWritten, filesCompacted } = report;
    const seconds = 'allsource_compaction_duration_seconds';
    // Each is observed once, however often one looks.
    await readMetrics(target);
    const after = await readMetrics(target);
    expect(Object.fromEntries(after)).toMatchObject({
      allsource_parquet_files_total: 1,
      allsource_parquet_files_written_total: filesWritten,
      allsource_compactions_total: 1,
      allsource_compactions_failed_total: 0,
      allsource_compaction_files_merged_total: filesCompacted,
      allsource_compaction_bytes_saved_total: report.bytesBefore - report.bytesAfter,
      [`${seconds}_count`]: 1,
    });
    expect(after.get(`${seconds}_sum`)).toBeGreaterThan(0);
    expect(after.get(`${seconds}_bucket{le="3600"}`)).toBe(1);
    await fill(store, 1500);
    await rm(store.parquet.directory, { recursive: true });
    await writeFile(store.parquet.directory, 'no directory');
    await expect(store.parquet.compact()).rejects.toThrow();
    const failed = await readMetrics(target);
    expect(failed.get('allsource_compactions_failed_total')).toBe(1);
  });

  it('moves with runs of retention, also with those that fail', { timeout: 120_000 }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'allsource-metrics-'));
    onTestFinished(() => rm(dataDir, { recursive: true }));
    const store = await openEventStore({ dataDir, segmentBytesMax });
    onTestFinished(() => store.close());
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    onTestFinished(() => server.close());
    const target = { store, port: server.port };
    await fill(store, 1500);
    await untilIndexed(store);
    await store.retention.set({ name: 'newest', keepEvents: 500 });
    await store.retention.run({ dryRun: true });
    const { segments, events } = await store.retention.run();
    expect(segments).toBeGreaterThan(0);
    const wanted = {
      allsource_retention_runs_total: 1,
      allsource_retention_failed_total: 0,
      allsource_retention_segments_dropped_total: segments,
      allsource_retention_events_dropped_total: events,
    };
    expect(Object.fromEntries(await readMetrics(target))).toMatchObject(wanted);
    await fill(store, 1500);
    await untilIndexed(store);
    await rm(store.parquet.directory, { recursive: true });
    await writeFile(store.parquet.directory, 'no directory');
    await expect(store.retention.run()).rejects.toThrow();
    const failed = { ...wanted, allsource_retention_failed_total: 1 };
    expect(Object.fromEntries(await readMetrics(target))).toMatchObject(failed);
  });

  it('has labels for the first 100 webhooks only', async () => {
    const target = await startListening();
    for (let i = 0; i < 102; i += 1) {
      await target.store.webhooks.create({ name: `w${i}`, url: 'https://example.com/' });
    }
    const names = [...(await readMetrics(target)).keys()];
    expect(names.filter((name) => name.includes('webhook_paused')).length).toBe(100);
    expect(names.filter((name) => name.includes('webhook_posts_total')).length).toBe(300);
  });

  it('has no label of what clients may choose freely', async () => {
    const target = await startListening();
    for (let i = 0; i < 5; i += 1) {
      await call(target, { path: `/nowhere/${i}`, method: 'PROPFIND' });
      await call(target, { path: `/api/v1/entities/entity-${i}/state?x=${i}` });
    }
    const names = [...(await readMetrics(target)).keys()].join('\n');
    expect(names).not.toMatch(/nowhere|entity-\d|PROPFIND/);
    expect(names).toContain('method="other"');
  });

  it('counts event types beyond its bound together', async () => {
    const target = await startListening();
    const body = Array.from({ length: 150 }, (_, i) =>
      lines(1, { entity: `order-${i}` }).replace('order.placed', `type.${i}`),
    );
    await appendLines(target, body.join('\n'));
    const metrics = await readMetrics(target);
    const byType = [...metrics].filter(([name]) => name.includes('ingested_by_type'));
    expect(byType).toHaveLength(101);
    expect(metrics.get('allsource_events_ingested_by_type{event_type="other"}')).toBe(50);
  });

  it('has the defaults of the process, unless they are not wanted', async () => {
    const target = await startListening({ processMetrics: true });
    expect((await readMetrics(target)).get('process_resident_memory_bytes')).toBeGreaterThan(0);
    const without = await readMetrics(await startListening());
    expect(without.has('process_resident_memory_bytes')).toBe(false);
  });
});
