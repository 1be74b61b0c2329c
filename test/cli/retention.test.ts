import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openEventStore } from '../../src/index.js';
import { fill, segmentBytesMax, untilIndexed } from '../parquet/support.js';
import { makeDirectory, parseLines, run } from './commandLine.js';

vi.setConfig({ testTimeout: 180_000 });

const retention = (...args: readonly string[]) => run(['retention', ...args]);

describe('retention', () => {
  it('sets policies of a directory, says what would go, and drops it', async () => {
    const dataDir = join(await makeDirectory(), 'data');
    const store = await openEventStore({ dataDir, segmentBytesMax });
    await fill(store, 2000);
    await untilIndexed(store);
    await store.close();
    const place = ['--data-dir', dataDir];
    const set = await retention('set', 'newest', '--keep-events', '900', ...place);
    expect(set).toEqual({
      code: 0,
      stdout: 'newest  all types of all tenants: 900 events\n',
      stderr: '',
    });
    const [list] = parseLines((await retention('list', '--json', ...place)).stdout);
    expect(list).toMatchObject({ total: 1, policies: [{ name: 'newest', keep_events: 900 }] });
    const dry = await retention('run', '--dry-run', ...place);
    expect(dry.stdout).toMatch(/^would go +\d segments, [\d,]+ events\nby newest +[\d,]+ events/);
    const [ran] = parseLines((await retention('run', '--json', ...place)).stdout);
    expect(ran).toMatchObject({ dry_run: false, first_position: 1 });
    expect(Number(ran?.['new_first_position'])).toBeGreaterThan(500);
    expect((await retention('delete', 'newest', ...place)).code).toBe(0);
    const gone = await retention('delete', 'newest', ...place);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('there is no retention policy "newest"');
    const none = await retention('list', ...place);
    expect(none).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('no retention'),
    });
    expect((await retention('set', 'x', ...place)).stderr).toContain('keep_days');
    expect((await retention('list', ...place, '--url', 'http://127.0.0.1:1')).code).toBe(2);
    expect((await retention('run', '--data-dir', join(dataDir, 'none'))).code).toBe(1);
  });
});
