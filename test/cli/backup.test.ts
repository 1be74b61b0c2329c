import { mkdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeDirectory, makeStore, parseLines, run, serve } from './commandLine.js';

let dataDir = '';
let backupDir = '';

beforeAll(async () => {
  dataDir = await makeStore(500);
  backupDir = join(await makeDirectory(), 'backups');
});

const backup = (...args: readonly string[]) => run(['backup', ...args]);

describe('backup on directories', () => {
  it('creates, lists, verifies, restores, prunes and deletes', async () => {
    const place = ['--data-dir', dataDir, '--backup-dir', backupDir];
    const none = await backup('list', '--backup-dir', backupDir);
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain('no backups');
    const made = await backup('create', ...place);
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/positions +1 to 500/);
    const next = await backup('create', '--type', 'incremental', '--json', ...place);
    const [info] = parseLines(next.stdout);
    expect(info).toMatchObject({ backup_type: 'incremental', event_count: 0, to_position: 500 });
    const id = String(info?.['backup_id']);
    // The store is not needed for the rest.
    const only = ['--backup-dir', backupDir];
    const listed = await backup('list', ...only);
    expect(listed.stdout).toContain(id);
    expect(parseLines((await backup('list', '--json', ...only)).stdout)).toHaveLength(2);
    const verified = await backup('verify', ...only);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toContain(`backup ${id}: no damage in 500 events`);
    const target = join(await makeDirectory(), 'restored');
    const restored = await backup('restore', ...only, '--data-dir', target, '--json');
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect(parseLines(restored.stdout)).toMatchObject([{ last_position: 500, backup_id: id }]);
    expect((await run(['verify', '--data-dir', target])).code).toBe(0);
    const again = await backup('restore', ...only, '--data-dir', target);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('nothing is written over a store');
    const pruned = await backup('prune', '--keep', '1', ...only);
    expect(pruned.code).toBe(0);
    expect(pruned.stderr).toContain('deleted 1 backups');
    expect((await backup('verify', id, ...only)).code).toBe(0);
    expect((await backup('delete', id, ...only)).code).toBe(0);
    expect(parseLines((await backup('list', '--json', ...only)).stdout)).toEqual([]);
  });

  it('says what is damaged, with exit code 1', async () => {
    const directory = join(await makeDirectory(), 'b');
    const only = ['--backup-dir', directory];
    const made = await backup('create', '--data-dir', dataDir, '--json', ...only);
    const id = String(parseLines(made.stdout)[0]?.['backup_id']);
    const file = join(directory, id, '00000000000000000001.seg');
    await truncate(file, 1000);
    const verified = await backup('verify', ...only);
    expect(verified).toMatchObject({ code: 1, stdout: '' });
    expect(verified.stderr).toContain(`${file}: the file has 1000 bytes, the manifest says`);
    const json = await backup('verify', '--json', ...only);
    expect([json.code, parseLines(json.stdout)[0]?.['ok']]).toEqual([1, false]);
    const target = join(await makeDirectory(), 'restored');
    const restored = await backup('restore', ...only, '--data-dir', target);
    expect(restored.code).toBe(1);
    expect(restored.stderr).toContain(file);
  });

  it('tells what it needs', async () => {
    const missing = await backup('restore', '--data-dir', 'x');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('--backup-dir');
    const both = await backup('list', '--url', 'http://127.0.0.1:1', '--backup-dir', 'x');
    expect(both.code).toBe(2);
    const nothing = await backup('create', '--data-dir', join(dataDir, 'none'));
    expect(nothing.code).toBe(1);
    expect(nothing.stderr).toContain('found no directory');
    const alone = await backup('create', '--backup-dir', backupDir);
    expect(alone.stderr).toContain('add --data-dir');
    await mkdir(join(backupDir, 'empty'), { recursive: true });
    const empty = await backup('verify', '--backup-dir', join(backupDir, 'empty'));
    expect(empty.stderr).toContain('there is no backup');
    const unknown = await backup('verify', 'x', '--backup-dir', backupDir);
    expect(unknown.stderr).toContain('`allsource backup list` prints those that there are');
  });
});

describe('backup on a server', () => {
  it('works in the directory of its settings', async () => {
    const own = await makeStore(100);
    const directory = join(await makeDirectory(), 'server');
    const { url } = await serve(['--data-dir', own, '--backup-directory', directory]);
    const made = await backup('create', '--url', url, '--json');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const [info] = parseLines(made.stdout);
    expect(parseLines((await backup('list', '--backup-dir', directory, '--json')).stdout)).toEqual([
      info,
    ]);
    expect((await backup('verify', '--url', url)).stdout).toContain('no damage in 100 events');
    const beside = await backup('create', '--data-dir', own, '--backup-dir', directory, '--json');
    expect(beside.code).toBe(0);
    const pruned = await backup('prune', '--url', url, '--keep', '1', '--json');
    expect(parseLines(pruned.stdout)).toMatchObject([{ deleted: [info?.['backup_id']] }]);
  });
});
