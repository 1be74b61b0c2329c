// What one tenant, and one call, may take of a store.
import { expect, it } from 'vitest';
import { defineUpcaster, openEventStore } from '../../src/index.js';
import type { JsonObject } from '../../src/index.js';
import { findingsOf } from '../../src/schemaRegistry/comparison.js';
import { mappingsMax } from '../../src/schemaRegistry/input.js';
import type { VersionRecord } from '../../src/schemaRegistry/records.js';
import { versionsMax } from '../../src/schemaRegistry/registry.js';
import { errorOf, makeDirectory, openStore, turn } from '../support/store.js';

const operations = [{ op: 'add', path: 'currency', value: 'EUR' }] as const;

it('records a bounded number of mappings of a tenant, each of bounded size', async () => {
  const { schemas } = await openStore({ memory: true });
  const value = 'x'.repeat(65_536);
  const large = await errorOf(() =>
    schemas.addUpcaster({
      ...{ eventType: 'a', fromVersion: 1 },
      operations: [{ op: 'set', path: 'a', value }],
    }),
  );
  expect(large.message).toBe('operations: expected at most 65536 bytes as JSON');
  for (let fromVersion = 0; fromVersion < mappingsMax; fromVersion += 1) {
    await schemas.addUpcaster({ eventType: 'a', fromVersion, operations });
  }
  const error = await errorOf(() =>
    schemas.addUpcaster({ eventType: 'b', fromVersion: 1, operations }),
  );
  expect(error.code).toBe('unprocessable');
  expect(error.message).toBe('the tenant has 1000 mappings, the most; delete one');
  const theirs = { tenantId: 'acme' };
  await schemas.addUpcaster({ eventType: 'b', fromVersion: 1, operations }, theirs);
});

it('takes no tenant that could have no events', async () => {
  const { schemas } = await openStore({ memory: true });
  for (const tenantId of ['', 'a/b', 'x'.repeat(65)]) {
    for (const call of [
      () => schemas.register('a', true, { tenantId }),
      () => schemas.check('a', true, { tenantId }),
      () => schemas.addUpcaster({ eventType: 'a', fromVersion: 1, operations }, { tenantId }),
    ]) {
      const error = await errorOf(call);
      expect(error.code).toBe('validation_error');
      expect(error.details).toMatchObject([{ field: 'tenant_id' }]);
    }
  }
});

it('says in a check that there is no room for another version', async () => {
  const { schemas } = await openStore({ memory: true });
  await schemas.register('a', true);
  await schemas.setCompatibility('a', 'NONE');
  for (let i = 1; i < versionsMax; i += 1) await schemas.register('a', { minimum: i });
  for (const call of [
    () => schemas.check('a', { minimum: -1 }),
    () => schemas.register('a', { minimum: -1 }),
  ]) {
    const error = await errorOf(call);
    expect(error.code).toBe('unprocessable');
    expect(error.message).toContain('a has had 1000 versions, the most');
  }
  // It is there.
  expect(await schemas.check('a', { minimum: 5 })).toMatchObject({ compatible: true });
}, 120_000);

const versionOf = (version: number, schema: JsonObject): VersionRecord => ({
  ...{ tenantId: 'default', subject: 'a', version, id: '', schema, createdAt: 0 },
  ...{ description: null, tags: [], isDeleted: false, sha256: '', takesPrevious: false },
});

it('has one bound for all comparisons, between which other work goes on', async () => {
  const versions = Array.from({ length: 20 }, (_, i) => versionOf(i + 1, { maximum: i }));
  let turns = 0;
  let isDone = false;
  const mode = 'FULL_TRANSITIVE';
  const compared = findingsOf(versions, { maximum: 19 }, { mode }).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await turn();
    turns += 1;
  }
  const found = await compared;
  expect(turns).toBeGreaterThanOrEqual(20);
  expect(found.map(({ version }) => version)).toEqual(Array.from({ length: 19 }, (_, i) => i + 1));
  const cut = await findingsOf(versions, { maximum: 19 }, { mode, timeMaxMs: -1 });
  expect(cut).toMatchObject([{ version: 20, kind: 'undecidable' }]);
  expect(cut[0]?.advice).toMatch(/^comparing with 20 versions up to this one would take more/);
});

it('refuses code from a version that a recorded mapping is from, and says what to do', async () => {
  const dataDir = await makeDirectory();
  const first = await openEventStore({ dataDir });
  await first.schemas.addUpcaster({ eventType: 'a', fromVersion: 1, operations });
  await first.close();
  const code = defineUpcaster({ eventType: 'a', fromVersion: 1, up: (payload) => payload });
  const error = await errorOf(() => openEventStore({ dataDir, upcasters: [code] }));
  expect(error.code).toBe('invalid_configuration');
  expect(error.message).toBe(
    'upcasters: expected none of a from version 1, since tenant default has a mapping recorded from ' +
      'there; leave it out, or open the store without it once and delete the mapping ' +
      '(schemas.deleteUpcaster)',
  );
  const twice = await errorOf(() => openEventStore({ dataDir, upcasters: [code, code] }));
  expect(twice.code).toBe('invalid_configuration');
  expect(twice.message).toContain('upcasters: expected one from each version, got two of a from');
  // Neither holds the directory.
  const store = await openStore({ dataDir });
  await store.schemas.deleteUpcaster('a', 1);
});
