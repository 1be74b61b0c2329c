import { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import { RateLimits } from '../../src/server/limits/index.js';
import { bodyOf, call } from '../http/support.js';
import { callAs, keyOf, startSecured } from './support.js';

const perMinute = { requestsPerMinute: 60, requestBurst: 10 };

describe('a token bucket', () => {
  function bucket() {
    let nowMs = 0;
    const limits = new RateLimits(() => nowMs);
    const take = (tenantId = 'acme', rate = perMinute) => limits.take(tenantId, rate);
    return { take, limits, pass: (ms: number) => (nowMs += ms) };
  }

  it('has as many requests at once as it may, and fills evenly', () => {
    const { take, pass, limits } = bucket();
    for (let left = 9; left >= 0; left--)
      expect(take()).toMatchObject({ remaining: left, waitMs: 0 });
    expect(take()).toEqual({ limit: 10, remaining: 0, resetSeconds: 10, waitMs: 1000 });
    pass(999);
    expect(take()?.waitMs).toBeCloseTo(1);
    pass(1);
    expect(take()?.waitMs).toBe(0);
    expect(take()?.waitMs).toBeCloseTo(1000);
    expect(limits.refused).toBe(3);
  });

  it('counts parts of a request, and never holds more than it may', () => {
    const { take, pass } = bucket();
    for (let i = 0; i < 10; i++) take();
    for (let i = 0; i < 10; i++) {
      pass(250);
      const { waitMs = 0 } = take() ?? {};
      expect(waitMs === 0).toBe(i % 4 === 3);
    }
    pass(3_600_000);
    expect(take()).toMatchObject({ remaining: 9, resetSeconds: 1 });
  });

  it('is one for each tenant, and none where there is no bound', () => {
    const { take } = bucket();
    for (let i = 0; i < 11; i++) take('one');
    expect(take('one')?.waitMs).toBe(1000);
    expect(take('two')?.waitMs).toBe(0);
    expect(take('one', { requestsPerMinute: 0, requestBurst: 0 })).toBeUndefined();
  });

  it('is right over any times, as counted by hand', () => {
    const { take, pass } = bucket();
    let [tokens, state] = [10, 7];
    for (let i = 0; i < 10_000; i++) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      const ms = state % 2_000;
      pass(ms);
      tokens = Math.min(10, tokens + ms / 1000);
      const isLeft = tokens >= 1 - 1e-9;
      const taken = take();
      // Where a hair decides, sums in another order may differ.
      if (Math.abs(tokens - 1) > 1e-6) expect(taken?.waitMs === 0).toBe(isLeft);
      if (taken?.waitMs === 0) tokens -= 1;
    }
  });
});

describe('requests of a tenant', () => {
  const quotas = { requestsPerMinute: 60, requestBurst: 10 };

  it('are refused beyond its rate, exactly, however many come at once', async () => {
    const target = await startSecured();
    await target.store.tenants.create({ id: 'acme', preset: 'unlimited', quotas });
    const credential = await keyOf(target, { tenantId: 'acme', role: 'readonly' });
    const other = await keyOf(target, { tenantId: 'other', role: 'readonly' });
    const path = '/api/v1/stats';
    const all = Array.from({ length: 64 }, () => callAs(target, { path, credential }));
    const answers = await Promise.all(all);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(54);
    for (const answer of answers) {
      expect(answer.headers['x-ratelimit-limit']).toBe('10');
      expect(Number(answer.headers['x-ratelimit-remaining'])).toBeLessThan(10);
      expect(Number(answer.headers['x-ratelimit-reset'])).toBeGreaterThan(0);
    }
    for (const answer of refused) {
      expect(answer.headers['retry-after']).toBe('1');
      expect(bodyOf(answer)['code']).toBe('rate_limited');
    }
    // Nobody else is held up by it.
    const free = await callAs(target, { path, credential: other });
    expect([free.status, free.headers['x-ratelimit-limit']]).toEqual([200, undefined]);
    const metrics = await target.store.apiKeys.create({ name: 'metrics', role: 'readonly' });
    const counted = await callAs(target, { path: '/metrics', credential: metrics.key });
    expect(counted.text).toContain('allsource_rate_limited_total 54\n');
  });

  it('count on every path, in front of all work', async () => {
    const target = await startSecured();
    await target.store.tenants.create({ id: 'acme', quotas: { ...quotas, requestBurst: 3 } });
    const credential = await keyOf(target, { tenantId: 'acme', role: 'developer' });
    const event = { event_type: 'a.b', entity_id: 'e', payload: 1 };
    const send = [
      () => callAs(target, { path: '/api/v1/events', credential, body: event }),
      () => callAs(target, { path: '/api/v1/events/batch', credential, body: [event] }),
      () => callAs(target, { path: '/api/v1/tenants', credential }),
    ];
    for (const [i, one] of send.entries()) expect((await one()).status).toBe(i < 2 ? 200 : 403);
    for (const one of send) expect((await one()).status).toBe(429);
    const socket = new WebSocket(`ws://127.0.0.1:${target.port}/api/v1/events/stream`, {
      headers: { authorization: `Bearer ${credential}` },
    });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (request, response) => {
        request.destroy();
        resolve(response.statusCode);
      });
      socket.on('error', () => undefined);
    });
    expect(status).toBe(429);
    expect((await target.store.stats({ tenantId: 'acme' })).totalEvents).toBe(2);
  });

  it('of who is nobody take nothing from anybody', async () => {
    const target = await startSecured();
    const unknown = { headers: { authorization: 'Bearer nonsense' } };
    const answer = await call(target, { path: '/api/v1/stats', ...unknown });
    expect([answer.status, answer.headers['x-ratelimit-limit']]).toEqual([401, undefined]);
  });
});
