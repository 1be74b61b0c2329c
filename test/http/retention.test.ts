import { describe, expect, it } from 'vitest';
import { onTestFinished } from 'vitest';
import { listen } from '../../src/server/index.js';
import { makeDirectory, openStore } from '../support/store.js';
import { fill, segmentBytesMax, untilIndexed } from '../parquet/support.js';
import { type Call, type Target, bodyOf, call, json, silent, startListening } from './support.js';

const path = '/api/v1/retention/policies';

const post = (target: Target, to: string, body?: object) =>
  call(target, {
    path: to,
    method: 'POST',
    ...(body !== undefined && { headers: json, body: JSON.stringify(body) }),
  } satisfies Call);

describe('retention over HTTP', () => {
  it('sets, lists and deletes policies', async () => {
    const target = await startListening();
    const wanted = { name: 'a-year', tenant_id: 'default', keep_days: 365 };
    const policy = bodyOf(await post(target, path, wanted));
    expect(policy).toMatchObject({ ...wanted, event_type: null, keep_events: null });
    expect(bodyOf(await call(target, { path }))).toEqual({ policies: [policy], total: 1 });
    // What was read may be sent again.
    const { updated_at: _, ...read } = policy;
    expect(bodyOf(await post(target, path, read))).toMatchObject(read);
    const gone = await call(target, { path: `${path}/a-year`, method: 'DELETE' });
    expect(bodyOf(gone)).toEqual({ name: 'a-year', deleted: true });
    const missing = await call(target, { path: `${path}/a-year`, method: 'DELETE' });
    expect([missing.status, bodyOf(missing)['code']]).toEqual([404, 'policy_not_found']);
    expect(bodyOf(await call(target, { path }))).toEqual({ policies: [], total: 0 });
    const bad = await post(target, path, { name: 'x' });
    expect([bad.status, bodyOf(bad)['code']]).toEqual([400, 'validation_error']);
    expect((await post(target, path, { name: 'x', keep_days: 0 })).status).toBe(400);
    const memory = await post(target, '/api/v1/retention/run', {});
    expect(bodyOf(memory)['code']).toBe('unprocessable');
  });

  it('says what would go, and drops it', { timeout: 120_000 }, async () => {
    const store = await openStore({ dataDir: await makeDirectory(), segmentBytesMax });
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    onTestFinished(() => server.close());
    const target = { store, port: server.port };
    await fill(store, 2000);
    await untilIndexed(store);
    await post(target, path, { name: 'newest', keep_events: 900 });
    const dry = bodyOf(await post(target, '/api/v1/retention/run', { dry_run: true }));
    expect(dry).toMatchObject({ dry_run: true, first_position: 1 });
    expect((await store.stats()).firstPosition).toBe(1);
    const ran = bodyOf(await post(target, '/api/v1/retention/run'));
    expect(ran).toEqual({ ...dry, dry_run: false, duration_ms: ran['duration_ms'] });
    expect(ran['kept']).toMatchObject({ tenant_id: 'default', policy: 'newest' });
    expect((await store.stats()).firstPosition).toBe(ran['new_first_position']);
  });
});
