// What a query must not reach: files, settings, other tenants, and all of the memory and time.
import { describe, expect, it } from 'vitest';
import { AllSourceError } from '../../src/index.js';
import { codeOf, errorOf } from '../support/store.js';
import { hugePlans, largePlans, leakingQueries, refusedQueries, slowPlans } from './attacks.js';
import { Tiered } from './tiered.js';

const secret = /hidden/;
const timeoutMs = 120_000;

/** Events of two tenants in turn: in files that both share, in one of each alone, and behind them. */
async function shared(): Promise<Tiered> {
  const tiered = await Tiered.open();
  const append = async (tenantId: string, count: number): Promise<void> => {
    const word = tenantId === 'default' ? 'shown' : 'hidden';
    for (let number = 1; number <= count; number += 1) {
      await tiered.store.append({
        tenantId,
        eventType: `${word}.done`,
        entityId: `${word}-${number}`,
        payload: `${word} ${number}`,
        tags: [word],
        metadata: { x: word },
      });
    }
  };
  const tenants = ['default', 'other'];
  for (let turn = 0; turn < 20; turn += 1) {
    await append('other', 1);
    await append('default', 1);
  }
  await tiered.seal(1, 40, tenants);
  await append('default', 10);
  await tiered.seal(41, 50, tenants);
  await append('other', 10);
  await tiered.seal(51, 60, tenants);
  await append('other', 5);
  await append('default', 5);
  return tiered;
}

describe('a query', () => {
  it('is refused where it reaches for more than the events', { timeout: timeoutMs }, async () => {
    const tiered = await shared();
    for (const query of refusedQueries) {
      const error = await errorOf(() => tiered.rows(query)).catch((other: unknown) => {
        throw new Error(`taken: ${query}`, { cause: other });
      });
      expect([query, error.code]).toEqual([query, 'invalid_query']);
      expect(error.message).not.toMatch(/root:|tail_|memory_limit'|\.parquet:/);
    }
    expect(await tiered.rows('SELECT count(*) AS n FROM events')).toEqual([{ n: 35 }]);
  });

  it('is refused where its plan would be too large', { timeout: timeoutMs }, async () => {
    const tiered = await shared();
    for (const query of [...hugePlans, ...slowPlans]) {
      const error = await errorOf(() => tiered.rows(query)).catch((other: unknown) => {
        throw new Error(`taken: ${query}`, { cause: other });
      });
      expect([query, error.code, error.message]).toEqual([
        query,
        'invalid_query',
        expect.stringContaining('its plan would be too large'),
      ]);
    }
  });

  it('is answered where it is only long', { timeout: timeoutMs }, async () => {
    const tiered = await shared();
    for (const query of largePlans) await tiered.rows(query);
  });

  it('is not told the names of the tables behind the view', async () => {
    const tiered = await shared();
    await tiered.rows('SELECT 1');
    for (const query of ['FROM tail', 'FROM tail_1', 'SELECT tail.payload FROM events']) {
      const { message } = await errorOf(() => tiered.rows(query));
      expect(message).not.toMatch(/tail_[0-9a-f]{8}/);
    }
    const [described] = await tiered.rows('SELECT version() AS v, * FROM events LIMIT 1');
    expect(JSON.stringify(described)).not.toMatch(/tail_/);
  });

  it('sees no events of other tenants, nor learns of them', { timeout: timeoutMs }, async () => {
    const tiered = await shared();
    for (const query of leakingQueries) {
      for (let again = 0; again < 2; again += 1) {
        const told = await tiered.rows(query).then(JSON.stringify, (error: unknown) => {
          if (!(error instanceof AllSourceError)) throw error;
          expect([query, error.code]).toEqual([query, 'invalid_query']);
          return `${error.message} ${JSON.stringify(error.details)}`;
        });
        // What the query itself says comes back in errors.
        const others = told.replaceAll(query, '').replaceAll(/LINE 1:.*/g, '');
        expect([query, others]).toEqual([query, expect.not.stringMatching(/hidden[ -]\d|"hidden/)]);
      }
    }
    expect(JSON.stringify(await tiered.rows('FROM events', { tenantId: 'other' }))).toMatch(secret);
  });

  it('gets the error of a condition only where its own events have it', async () => {
    const tiered = await shared();
    const query = `SELECT count(*) AS n FROM events
      WHERE CAST(replace(payload->>'$', 'shown ', '') AS INTEGER) > 0`;
    expect(await tiered.rows(query)).toEqual([{ n: 35 }]);
    expect(await codeOf(() => tiered.rows(query, { tenantId: 'other' }))).toBe('invalid_query');
  });

  it('ends at its time, and the store goes on', { timeout: timeoutMs }, async () => {
    const tiered = await shared();
    const bombs = [
      'SELECT count(*) FROM range(10000000) a, range(10000000) b',
      'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t',
      'SELECT count(*) FROM events a, events b, events c, events d, events e, events f, events g',
      'SELECT sum(x) FROM (SELECT a.position * b.range AS x FROM events a, range(100000000000) b)',
    ];
    for (const query of bombs) {
      const before = performance.now();
      expect([query, await codeOf(() => tiered.rows(query, { timeoutMs: 400 }))]).toEqual([
        query,
        'query_timeout',
      ]);
      expect(performance.now() - before).toBeLessThan(20_000);
      expect(await tiered.rows('SELECT count(*) AS n FROM events')).toEqual([{ n: 35 }]);
    }
    await expect.poll(() => tiered.held).toBe(0);
  });

  it(
    'gets no more memory than there is, and the store goes on',
    { timeout: timeoutMs },
    async () => {
      const tiered = await shared();
      const bombs = [
        'SELECT list(a.range) FROM range(1000000000) a',
        'SELECT count(DISTINCT a.range::VARCHAR) FROM range(1000000000) a',
        'SELECT string_agg(a.range::VARCHAR) FROM range(1000000000) a',
        'FROM range(1000000000) a ORDER BY hash(range)',
      ];
      for (const query of bombs) {
        expect([query, await codeOf(() => tiered.rows(query))]).toEqual([query, 'unprocessable']);
        expect(await tiered.rows('SELECT count(*) AS n FROM events')).toEqual([{ n: 35 }]);
      }
    },
  );

  it('has a text of a bounded length', async () => {
    const tiered = await Tiered.open();
    const long = `SELECT '${'x'.repeat(65_536)}'`;
    expect((await errorOf(() => tiered.rows(long))).message).toMatch(/at most 65536 bytes/);
    const deep = `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`;
    expect(await codeOf(() => tiered.rows(deep))).toBe('invalid_query');
  });
});
