import { describe, expect, it } from 'vitest';
import { AllSourceError } from '../../src/domain/index.js';
import type { JsonObject, JsonValue } from '../../src/domain/index.js';
import type { EnrichRequest, EnrichSource } from '../../src/pipelines/index.js';
import { event, machineOf, minute, now, outcomeOf, second } from './support.js';

const table = { eu: { tier: 1, name: 'Europe' }, 7: { tier: 2 }, true: { tier: 3 } };

const byTable = (more: object = {}): object => ({
  type: 'enrich',
  source: { type: 'lookup_table', key_field: 'key', table },
  ...more,
});

const byState = { type: 'enrich', source: { type: 'entity_state', key_field: 'key' } };

/** Answers all with the same and remembers what it was asked. */
function makeSource(answer: (request: EnrichRequest) => JsonObject | undefined): {
  source: EnrichSource;
  asked: EnrichRequest[];
} {
  const asked: EnrichRequest[] = [];
  const lookup = (request: EnrichRequest): JsonObject | undefined => {
    asked.push(request);
    return answer(request);
  };
  return { source: { lookup }, asked };
}

describe('an enrich', () => {
  it('needs a source unless it has a table', () => {
    expect(() => machineOf([byState])).toThrow(/sources: expected one/);
    expect(() => machineOf([byTable()])).not.toThrow();
  });

  it('copies all fields, or those that are named', () => {
    expect(outcomeOf([byTable()], { key: 'eu', tier: 0 })).toEqual({
      key: 'eu',
      tier: 1,
      name: 'Europe',
    });
    expect(outcomeOf([byTable({ fields: ['tier', 'none'] })], { key: 'eu' })).toEqual({
      key: 'eu',
      tier: 1,
    });
    expect(
      outcomeOf([byTable({ fields: ['tier'], into: 'a.b' })], { key: 7, a: { b: { c: 1 } } }),
    ).toEqual({ key: 7, a: { b: { c: 1, tier: 2 } } });
    expect(outcomeOf([byTable()], { key: true })).toEqual({ key: true, tier: 3 });
  });

  it.each(['us', null, undefined, 'constructor', '__proto__'])('misses with the key %j', (key) => {
    const payload: JsonObject = key === undefined ? {} : { key };
    expect(outcomeOf([byTable()], payload)).toEqual(payload);
    expect(outcomeOf([byTable({ on_miss: 'null', fields: ['tier'] })], payload)).toEqual({
      ...payload,
      tier: null,
    });
    expect(outcomeOf([byTable({ on_miss: 'drop' })], payload)).toBe(
      'filtered: operators[0] (enrich)',
    );
    expect(outcomeOf([byTable({ on_miss: 'fail' })], payload)).toBe(
      'failed: operators[0] (enrich): expected to find something',
    );
  });

  it('fails where keys are no keys and places no places', () => {
    expect(outcomeOf([byTable()], { key: ['eu'] })).toMatch(
      /key: expected text or a number, got an a/,
    );
    expect(outcomeOf([byTable({ into: 'a' })], { key: 'eu', a: 1 })).toMatch(
      /a: expected an object, got a number/,
    );
    const wrong = { lookup: () => [] as unknown as JsonObject };
    const { dropped } = now(machineOf([byState], { sources: wrong }).process(event({ key: 'a' })));
    expect(dropped[0]?.reason).toMatch(/expected to find an object, got an array/);
  });

  it('asks as of the position of the event, behind a window as of the last event', () => {
    const { source, asked } = makeSource(() => ({ tier: 1 }));
    const window = {
      type: 'window',
      config: { window_type: 'tumbling', size_seconds: 60 },
      aggregation: { function: 'count', group_by: 'key' },
    };
    const behind = {
      ...byState,
      source: { type: 'projection', name: 'tiers', key_field: 'group.key' },
    };
    const machine = machineOf([byState, window, behind], { sources: source });
    machine.process(event({ key: 'a' }, { position: 5, timestamp: second }));
    const { emissions } = now(
      machine.process(event({ key: 'b' }, { position: 9, timestamp: minute })),
    );
    expect(emissions[0]?.value).toMatchObject({ group: { key: 'a' }, tier: 1 });
    const tenantId = 'default';
    expect(asked).toEqual([
      { type: 'entity_state', key: 'a', tenantId, position: 5 },
      { type: 'entity_state', key: 'b', tenantId, position: 9 },
      { type: 'projection', name: 'tiers', key: 'a', tenantId, position: 9 },
    ]);
  });

  it('fills in URLs so that nothing but the value of a part can change', () => {
    const url = 'https://host/users/{id}?of={of}';
    const http = { type: 'enrich', source: { type: 'http', url, cache_seconds: 5 } };
    const { source, asked } = makeSource(() => undefined);
    const outcome = (payload: JsonValue): string => {
      const { dropped } = now(machineOf([http], { sources: source }).process(event(payload)));
      return dropped[0]?.outcome ?? 'passed';
    };
    expect(outcome({ id: '../a b?', of: 7 })).toBe('passed');
    expect(asked[0]).toMatchObject({
      type: 'http',
      url: 'https://host/users/..%2Fa%20b%3F?of=7',
      timeoutMs: 2_000,
      cacheSeconds: 5,
    });
    for (const id of ['..', '.', '', null, {}, '\udc00'])
      expect(outcome({ id, of: 1 })).toBe('failed');
  });
});

describe('a lookup that fails', () => {
  const fails = { lookup: () => Promise.reject(new AllSourceError('unprocessable', 'no answer')) };
  const http = (source: object, more: object = {}): object => ({
    type: 'enrich',
    source: { type: 'http', url: 'https://host/', ...source },
    ...more,
  });
  const processed = (operator: object) =>
    machineOf([operator], { sources: fails }).process(event({ a: 1 }));

  it('fails the item, or is as if nothing were found, or ends the machine', async () => {
    const { dropped } = await processed(http({}));
    expect(dropped).toEqual([{ outcome: 'failed', reason: 'operators[0] (enrich): no answer' }]);
    const missed = await processed(http({ on_failure: 'miss' }));
    expect(missed.emissions[0]?.value).toEqual({ a: 1 });
    const named = http({ on_failure: 'miss' }, { on_miss: 'null', fields: ['b'] });
    expect((await processed(named)).emissions[0]?.value).toEqual({ a: 1, b: null });
    const machine = machineOf([http({ on_failure: 'wait' })], { sources: fails });
    await expect(machine.process(event({}))).rejects.toThrow('no answer');
    expect(() => machine.process(event({}))).toThrow(/an earlier call failed/);
  });
});

describe('an enrich that waits', () => {
  const later = (answer: (request: EnrichRequest) => JsonObject | undefined): EnrichSource => ({
    lookup: async (request) => answer(request),
  });

  it('answers with a promise, and refuses calls until it has settled', async () => {
    const machine = machineOf([byState], { sources: later(() => ({ tier: 1 })) });
    const waiting = machine.process(event({ key: 'a' }));
    expect(waiting).toBeInstanceOf(Promise);
    expect(() => machine.process(event({ key: 'b' }))).toThrow(/has not settled/);
    expect(() => machine.takeChanges()).toThrow(/has not settled/);
    expect((await waiting).emissions[0]?.value).toEqual({ key: 'a', tier: 1 });
    expect((await machine.process(event({ key: 'b' }))).emissions).toHaveLength(1);
  });

  it('keeps the order of panes, and of windows behind each other', async () => {
    const window = (size: number): object => ({
      type: 'window',
      config: { window_type: 'tumbling', size_seconds: size },
      aggregation: { function: 'count', group_by: '$tenant_id' },
    });
    const byPane = { ...byState, source: { type: 'entity_state', key_field: 'window_start' } };
    const sources = later(({ position }) => ({ position }));
    const machine = machineOf([window(60), byPane, window(120), byPane], { sources });
    for (let at = 0; at < 5; at += 1) {
      await machine.process(event({}, { timestamp: at * minute, position: at + 1 }));
    }
    const { emissions } = await machine.advanceTo(10 * minute);
    expect(emissions.map(({ key }) => key)).toEqual([
      'w2:120000000:240000000:[null]',
      'w2:240000000:360000000:[null]',
    ]);
  });

  it('lets the item fail where the source says unprocessable', async () => {
    const refusal = new AllSourceError('unprocessable', 'no such list');
    const refuse = (): never => {
      throw refusal;
    };
    for (const sources of [later(refuse), { lookup: refuse }]) {
      const machine = machineOf([byState], { sources });
      const { dropped } = await machine.process(event({ key: 'a' }));
      expect(dropped).toEqual([
        { outcome: 'failed', reason: 'operators[0] (enrich): no such list' },
      ]);
    }
  });

  it('ends the machine on any other error', async () => {
    const broken = (): never => {
      throw new Error('disk on fire');
    };
    const slow = machineOf([byState], { sources: later(broken) });
    await expect(slow.process(event({ key: 'a' }))).rejects.toThrow('disk on fire');
    expect(() => slow.process(event({ key: 'a' }))).toThrow(/an earlier call failed/);
    const fast = machineOf([byState], { sources: { lookup: broken } });
    expect(() => fast.process(event({ key: 'a' }))).toThrow('disk on fire');
    expect(() => fast.takeChanges()).toThrow(/an earlier call failed/);
  });
});
