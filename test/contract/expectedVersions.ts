import { describe, expect, it } from 'vitest';
import { VersionConflictError } from '../../src/index.js';
import type { ExpectedVersion } from '../../src/index.js';
import { codeOf, collect, errorOf, line, newEvent, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

/** Expected version, version that the entity is at, whether the append goes through. */
const table: [ExpectedVersion, number, boolean][] = [
  [0, 0, true],
  [0, 1, false],
  [1, 0, false],
  [1, 1, true],
  [1, 2, false],
  [2, 1, false],
  [Number.MAX_SAFE_INTEGER, 1, false],
  ['none', 0, true],
  ['none', 1, false],
  ['exists', 0, false],
  ['exists', 1, true],
  ['exists', 3, true],
  ['any', 0, true],
  ['any', 2, true],
];

export function describeExpectedVersions(mode: StoreMode): void {
  describe('expected versions', () => {
    it.each(table)('%s meets version %i: %s', async (expectedVersion, version, goesThrough) => {
      const store = await mode.open();
      for (let i = 0; i < version; i++) await store.append(newEvent('a'));
      const ways = [
        () => store.append(newEvent('a', {}, { expectedVersion })),
        () => store.appendBatch([newEvent('a', {}, { expectedVersion })]),
        () => store.appendBatch([newEvent('b')], { conditions: { a: expectedVersion } }),
        () => store.appendBatch(Buffer.from(line('a', '1', { expected_version: expectedVersion }))),
      ];
      for (const way of goesThrough ? ways.slice(0, 1) : ways) {
        if (goesThrough) {
          await way();
          continue;
        }
        const error = await errorOf(way);
        expect(error).toBeInstanceOf(VersionConflictError);
        expect(error).toMatchObject({
          code: 'version_conflict',
          status: 409,
          entityId: 'a',
          currentVersion: version,
          expectedVersion: expectedVersion === 'none' ? 0 : expectedVersion,
        });
      }
      expect(store.watermark).toBe(version + (goesThrough ? 1 : 0));
    });

    it('of a batch count the events before them in the batch', async () => {
      const store = await mode.open();
      await store.appendBatch([
        newEvent('a', 1, { expectedVersion: 'none' }),
        newEvent('b', 2, { expectedVersion: 0 }),
        newEvent('a', 3, { expectedVersion: 1 }),
        newEvent('a', 4, { expectedVersion: 'exists' }),
        newEvent('a', 5, { expectedVersion: 3 }),
      ]);
      const stale = [newEvent('a'), newEvent('a', 2, { expectedVersion: 4 })];
      const error = await errorOf(() => store.appendBatch(stale));
      expect(error).toMatchObject({ code: 'version_conflict', currentVersion: 5 });
      expect(store.watermark).toBe(5);
    });

    it('in conditions hold of the entities before the batch', async () => {
      const store = await mode.open();
      await store.append(newEvent('a'));
      const conditions = { a: 1, b: 'none', c: 'any', d: 0 } as const;
      await store.appendBatch([newEvent('a'), newEvent('a'), newEvent('b')], { conditions });
      const error = await errorOf(() => store.appendBatch([newEvent('x')], { conditions }));
      expect(error).toMatchObject({ entityId: 'a', expectedVersion: 1, currentVersion: 3 });
      expect(await collect(store.read({ entityId: 'x' }))).toEqual([]);
    });

    it('in conditions belong to the tenant of the batch', async () => {
      const store = await mode.open();
      await store.append(newEvent('a', {}, { tenantId: 'two' }));
      const options = { tenantId: 'two', conditions: { a: 1 } };
      await store.appendBatch([newEvent('a')], options);
      expect(
        (await collect(store.read({ tenantId: 'two' }))).map(({ version }) => version),
      ).toEqual([1, 2]);
      const unmet = { conditions: { a: 2 } };
      expect(await codeOf(() => store.appendBatch([newEvent('a')], unmet))).toBe(
        'version_conflict',
      );
    });

    it('let exactly one of 64 racing writers win each version', async () => {
      const store = await mode.open();
      const race = async (writer: number): Promise<void> => {
        for (let version = 0; version < 10;) {
          try {
            await store.append(newEvent('a', { writer }, { expectedVersion: version }));
            version += 1;
          } catch (error) {
            if (!(error instanceof VersionConflictError)) throw error;
            version = error.currentVersion;
          }
        }
      };
      await Promise.all(Array.from({ length: 64 }, (_, writer) => race(writer)));
      const versions = (await collect(store.read())).map(({ version }) => version);
      expect(versions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });

    it.each([-1, 1.5, 2 ** 53, '1', 'None', true, {}, []])('refuse %j', async (value) => {
      const store = await mode.open();
      const expectedVersion = wrong(value);
      expect(await codeOf(() => store.append(newEvent('a', 1, { expectedVersion })))).toBe(
        'validation_error',
      );
      const conditions = { a: expectedVersion };
      expect(await codeOf(() => store.appendBatch([newEvent('a')], { conditions }))).toBe(
        'validation_error',
      );
      expect(store.watermark).toBe(0);
    });
  });
}
