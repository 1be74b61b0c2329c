import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect } from '../../src/client/index.js';
import { listen } from '../../src/server/index.js';
import { fill, segmentBytesMax } from '../parquet/support.js';
import { errorOf, makeDirectory, openStore } from '../support/store.js';
import { answerCheck, sendJson } from './documentedAnswers.js';
import { type Target, bodyOf, call, json, silent, startListening } from './support.js';

vi.setConfig({ testTimeout: 120_000 });

const trigger = { method: 'POST', path: '/api/v1/compaction/trigger' };

async function serveDisk(events: number): Promise<Target & { readonly url: string }> {
  const dataDir = await makeDirectory();
  const store = await openStore({ dataDir, segmentBytesMax, parquet: { minFiles: 2 } });
  await fill(store, events);
  const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
  onTestFinished(() => server.close());
  return { store, port: server.port, url: server.url };
}

describe('compaction over HTTP', () => {
  it('is triggered, and tells of itself as the document says', async () => {
    const target = await serveDisk(2000);
    const check = await answerCheck(target);
    const written = check(
      'CompactionReport',
      await sendJson(target, { ...trigger, body: { strategy: 'timebased' } }),
    );
    expect(written).toMatchObject({ files_compacted: 0, bytes_before: 0, bytes_after: 0 });
    expect(written['files_written']).toBeGreaterThan(2);
    const list = check('ParquetFileList', await call(target, { path: '/api/v1/parquet/files' }));
    expect(list).toMatchObject({ total: written['files_written'] });
    const [file] = await target.store.parquet.files();
    expect(list['files']).toMatchObject([
      { name: file?.name, first_position: 1, sha256: file?.sha256 },
      ...Array.from({ length: Number(list['total']) - 1 }, () => ({})),
    ]);
    // A request without a body is the usual one.
    const merged = check('CompactionReport', await call(target, trigger));
    expect(merged['files_compacted']).toBeGreaterThan(2);
    const stats = check(
      'CompactionStats',
      await call(target, { path: '/api/v1/compaction/stats' }),
    );
    expect(stats).toEqual({
      stats: {
        total_compactions: 1,
        total_files_compacted: merged['files_compacted'],
        total_bytes_before: merged['bytes_before'],
        total_bytes_after: merged['bytes_after'],
        total_events_compacted: merged['events_compacted'],
        last_compaction_duration_ms: expect.any(Number) as number,
        space_saved_bytes: Number(merged['bytes_before']) - Number(merged['bytes_after']),
      },
      config: {
        min_files_to_compact: 2,
        target_file_size: 128 * 2 ** 20,
        max_file_size: 256 * 2 ** 20,
        small_file_threshold: 10 * 2 ** 20,
        compaction_interval_seconds: 3600,
        auto_compact: false,
        strategy: 'sizebased',
      },
    });
    const verify = { method: 'POST', path: '/api/v1/parquet/verify' };
    expect(check('ParquetReport', await call(target, verify))).toMatchObject({ ok: true });
    const [large] = await target.store.parquet.files();
    await writeFile(join(target.store.parquet.directory, large?.name ?? ''), 'x');
    expect(check('ParquetReport', await call(target, verify))).toMatchObject({
      ok: false,
      files: [{ name: large?.name, damage: expect.stringMatching(/^SHA-256 is /) as string }],
    });
  });

  it('refuses what is no request for one', async () => {
    const target = await startListening();
    const codes = async (body: string, headers: Record<string, string> = json) =>
      bodyOf(await call(target, { ...trigger, headers, body }))['code'];
    expect(await codes('{"strategy":"none"}')).toBe('validation_error');
    expect(await codes('{"what":1}')).toBe('validation_error');
    expect(await codes('{')).toBe('invalid_json');
    expect(await codes('{}', { 'content-type': 'text/plain' })).toBe('unsupported_media_type');
    const query = { ...trigger, path: `${trigger.path}?strategy=timebased` };
    expect(bodyOf(await call(target, query))['code']).toBe('invalid_query');
  });

  it('is refused of a store in memory, which has no files', async () => {
    const target = await startListening();
    for (const path of [trigger.path, '/api/v1/parquet/verify']) {
      const answer = await call(target, { method: 'POST', path });
      expect([answer.status, bodyOf(answer)['code']]).toEqual([422, 'unprocessable']);
    }
    const list = await call(target, { path: '/api/v1/parquet/files' });
    expect(bodyOf(list)).toEqual({ files: [], total: 0 });
  });

  it('ends where the client leaves', async () => {
    const { store, url } = await serveDisk(6000);
    const client = connect(url);
    onTestFinished(() => client.close());
    const ended = new AbortController();
    const error = errorOf(() => client.parquet.compact({ signal: ended.signal }));
    await vi.waitUntil(async () => (await store.parquet.files()).length > 0, { timeout: 60_000 });
    ended.abort();
    expect((await error).code).toBe('aborted');
    // What comes in turn begins when that one has ended.
    await store.parquet.compact({ strategy: 'timebased' });
    expect((await store.parquet.stats()).stats.totalCompactions).toBe(0);
    expect(store.parquet.counts()).toMatchObject({ compactions: 0, failed: 0 });
  });
});
