// The view over files that tenants share.
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { viewSql } from '../../src/sql/database/view.js';
import { Tiered } from './tiered.js';

it('has no values of other tenants even where its condition is not asked', async () => {
  const tiered = await Tiered.open();
  for (const tenantId of ['default', 'other', 'default']) {
    await tiered.store.append({
      tenantId,
      eventType: `${tenantId}.done`,
      entityId: tenantId,
      payload: tenantId,
      tags: [tenantId],
      metadata: { x: tenantId },
    });
  }
  await tiered.seal(1, 3, ['default', 'other']);
  const parts = { tenantId: 'default', tail: '(FROM range(0))', after: 3, upTo: 3 };
  const sql = viewSql({ ...parts, files: { own: [], shared: tiered.files } });
  const [, shared = ''] = sql.split(' UNION ALL ');
  const open = shared.replace(/ WHERE tenant_id = 'default'$/, '');
  expect(open).not.toBe(shared);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = (await connection.runAndReadAll(open)).getRowObjectsJson();
  connection.closeSync();
  expect(rows.map(({ entity_id: entityId }) => entityId)).toEqual(['default', null, 'default']);
  const { tenant_id: tenant, ...others } = rows[1] ?? {};
  expect(tenant).toBe('default');
  expect(Object.values(others)).toEqual(Array(10).fill(null));
});
