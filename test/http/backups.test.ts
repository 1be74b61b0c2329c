import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../../src/client/index.js';
import type { BackupProgress } from '../../src/index.js';
import { listen } from '../../src/server/index.js';
import { codeOf, makeDirectory, openStore } from '../support/store.js';
import { fill, openSmall } from '../backups/support.js';
import { answerCheck, sendJson } from './documentedAnswers.js';
import { type Target, bodyOf, call, silent, startListening } from './support.js';

const path = '/api/v1/backups';

async function serveDisk(batches: number): Promise<Target & { readonly url: string }> {
  const store = await openSmall();
  await fill(store, batches);
  const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
  onTestFinished(() => server.close());
  return { store, port: server.port, url: server.url };
}

describe('backups over HTTP', () => {
  it('are made, listed, verified, pruned and deleted as the document says', async () => {
    const target = await serveDisk(200);
    const check = await answerCheck(target);
    const post = (suffix: string, body?: unknown) =>
      sendJson(target, { method: 'POST', path: path + suffix, body });
    const made = await post('', {});
    expect(made.status).toBe(201);
    const full = check('Backup', made);
    const watermark = target.store.watermark;
    expect(full).toMatchObject({
      ...{ backup_type: 'full', base_id: null, event_count: watermark },
      ...{ from_position: 1, to_position: watermark },
      root_hash: (await target.store.treeHead()).rootHash,
    });
    await fill(target.store, 10);
    const next = check('Backup', await post('', { type: 'incremental' }));
    expect(next).toMatchObject({ base_id: full['backup_id'], from_position: watermark + 1 });
    const list = check('BackupList', await call(target, { path }));
    expect(list).toEqual({ backups: [next, full], total: 2, damaged: [], running: null });
    const report = await call(target, {
      method: 'POST',
      path: `${path}/${String(next['backup_id'])}/verify`,
    });
    expect(check('BackupReport', report)).toMatchObject({ ok: true, root_hash: next['root_hash'] });
    const pruned = check('PrunedBackups', await post('/prune', { keep: 1 }));
    expect(pruned).toMatchObject({ deleted: [full['backup_id']] });
    const metrics = (await call(target, { path: '/metrics' })).text;
    expect(metrics).toContain('\nallsource_backups_created_total 2\n');
    expect(metrics).toContain('\nallsource_backups_failed_total 0\n');
    expect(metrics).toMatch(/\nallsource_backup_last_timestamp_seconds 1\d{9}/);
    const one = { method: 'DELETE', path: `${path}/${String(next['backup_id'])}` };
    expect(check('DeletedBackup', await call(target, one))).toMatchObject({ deleted: true });
    expect(bodyOf(await call(target, one))).toMatchObject({ code: 'backup_not_found' });
    expect(bodyOf(await post('', { type: 'whole' }))).toMatchObject({ code: 'validation_error' });
    expect(bodyOf(await post('/prune', { keep: 0 }))).toMatchObject({ code: 'validation_error' });
    expect(bodyOf(await post('/prune', {}))).toMatchObject({ code: 'validation_error' });
  });

  it('are refused of a store in memory', async () => {
    const target = await startListening();
    const answers = [
      await call(target, { path }),
      await sendJson(target, { method: 'POST', path, body: {} }),
    ];
    for (const answer of answers) {
      expect([answer.status, bodyOf(answer)['code']]).toEqual([422, 'unprocessable']);
    }
  });

  it('count those that could not be made', async () => {
    const directory = join(await makeDirectory(), 'no', 'directory');
    const store = await openStore({ dataDir: await makeDirectory(), backups: { directory } });
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    onTestFinished(() => server.close());
    const target = { store, port: server.port };
    const first = await openStore({ dataDir: await makeDirectory(), backups: { directory } });
    await first.backups.create();
    const answer = await sendJson(target, { method: 'POST', path, body: {} });
    expect(bodyOf(answer)).toMatchObject({ code: 'unprocessable' });
    const metrics = (await call(target, { path: '/metrics' })).text;
    expect(metrics).toContain('\nallsource_backups_failed_total 1\n');
  });
});

describe('the client', () => {
  it('has the backups of its server', async () => {
    const { store, url } = await serveDisk(300);
    const client = connect(url);
    onTestFinished(() => client.close());
    const seen: BackupProgress[] = [];
    const info = await client.backups.create({ onProgress: (one) => seen.push(one) });
    expect(await client.backups.list()).toEqual(await store.backups.list());
    expect((await client.backups.list()).backups).toEqual([info]);
    expect(await client.backups.verify(info.backupId)).toEqual(
      await store.backups.verify(info.backupId),
    );
    await client.backups.create({ type: 'incremental' });
    expect(await client.backups.prune({ keep: 1 })).toMatchObject({ deleted: [info.backupId] });
    expect(await codeOf(() => client.backups.delete(info.backupId))).toBe('backup_not_found');
    const [last] = (await client.backups.list()).backups;
    await client.backups.delete(last?.backupId ?? '');
    expect((await client.backups.list()).backups).toEqual([]);
  });

  it('finds the backup that its server made after the answer was cut', async () => {
    const { store, url } = await serveDisk(600);
    let isCut = false;
    const client = connect(url, {
      fetch: async (input, init) => {
        const answer = fetch(input, init);
        if (init?.method !== 'POST') return answer;
        isCut = true;
        answer.catch(() => undefined);
        while ((await store.backups.list()).running === null);
        throw new TypeError('the connection was cut');
      },
    });
    onTestFinished(() => client.close());
    const info = await client.backups.create();
    expect(isCut).toBe(true);
    expect((await store.backups.list()).backups).toEqual([info]);
  });
});
