import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openEventStore } from '../../src/index.js';
import { fill, segmentBytesMax } from '../parquet/support.js';
import { makeDirectory, parseLines, run, serve } from './commandLine.js';

vi.setConfig({ testTimeout: 180_000 });

const compact = (...args: readonly string[]) => run(['compact', ...args]);

/** The data directory of a store with several sealed segments. */
async function makeSegments(): Promise<string> {
  const dataDir = join(await makeDirectory(), 'data');
  const store = await openEventStore({ dataDir, segmentBytesMax });
  await fill(store, 2000);
  await store.close();
  return dataDir;
}

describe('compact', () => {
  it('writes and merges files of a directory, and verifies them', async () => {
    const dataDir = await makeSegments();
    const place = ['--data-dir', dataDir];
    const written = await compact('--strategy', 'timebased', ...place);
    expect(written).toMatchObject({ code: 0, stderr: '' });
    expect(written.stdout).toMatch(
      /^written {2}\d+ files, [\d,]+ events\nmerged {3}0 files, 0 events\ntime {5}[\d.]+ s\n$/,
    );
    const merged = await compact('--json', ...place);
    expect(merged).toMatchObject({ code: 0, stderr: '' });
    const [report] = parseLines(merged.stdout);
    expect(report?.['files_compacted']).toBeGreaterThan(2);
    const verified = await compact('--verify', ...place);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^no damage in 1 file, [\d,]+ events, /);
    const [file] = await filesOf(dataDir);
    await writeFile(
      join(dataDir, 'columnar', file?.name ?? ''),
      Buffer.alloc(file?.sizeBytes ?? 0),
    );
    const damaged = await compact('--verify', ...place);
    expect(damaged).toMatchObject({ code: 1, stdout: '' });
    expect(damaged.stderr).toContain(`allsource: ${file?.name} is damaged: SHA-256 is `);
    const json = await compact('--verify', '--json', ...place);
    expect([json.code, parseLines(json.stdout)[0]?.['ok']]).toEqual([1, false]);
  });

  it('works on a server, by its settings', async () => {
    const dataDir = await makeSegments();
    const { url } = await serve([
      ...['--data-dir', dataDir, '--compaction-auto-compact', 'false'],
      ...['--compaction-min-files-to-compact', '2', '--compaction-small-file-threshold', '1 MiB'],
    ]);
    const { config } = (await (await fetch(`${url}/api/v1/compaction/stats`)).json()) as {
      config: object;
    };
    expect(config).toMatchObject({
      ...{ auto_compact: false, min_files_to_compact: 2, small_file_threshold: 2 ** 20 },
    });
    const merged = await compact('--url', url, '--json');
    expect(merged).toMatchObject({ code: 0, stderr: '' });
    expect(parseLines(merged.stdout)[0]?.['files_compacted']).toBeGreaterThan(2);
    expect((await compact('--url', url, '--verify')).stdout).toContain('no damage in 1 file');
    // Files are checked beside the server; it alone makes them.
    expect((await compact('--data-dir', dataDir, '--verify')).code).toBe(0);
    const beside = await compact('--data-dir', dataDir);
    expect(beside.code).toBe(1);
  });

  it('tells what it needs', async () => {
    const both = await compact('--url', 'http://127.0.0.1:1', '--data-dir', 'x');
    expect(both).toMatchObject({ code: 2, stdout: '' });
    const verify = await compact('--verify', '--strategy', 'timebased');
    expect(verify.code).toBe(2);
    const strategy = await compact('--strategy', 'none', '--data-dir', 'x');
    expect(strategy.code).toBe(2);
    expect(strategy.stderr).toContain('sizebased, timebased, fullcompaction');
    const dataDir = join(await makeDirectory(), 'none');
    const none = await compact('--data-dir', dataDir);
    expect(none.code).toBe(1);
    expect(none.stderr).toContain(`${dataDir}: expected the data directory of a store, found none`);
  });
});

async function filesOf(dataDir: string) {
  const store = await openEventStore({ dataDir, readOnly: true });
  try {
    return await store.parquet.files();
  } finally {
    await store.close();
  }
}
