import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '../../src/server/index.js';
import { openEventStore } from '../../src/store/index.js';
import { makeDirectory } from '../support/store.js';
import { sendJson } from './documentedAnswers.js';
import {
  type Answer,
  type Target,
  append,
  bodyOf,
  call,
  json,
  ndjson,
  newEvent,
  silent,
  startListening,
} from './support.js';

const schema = { type: 'object', properties: { total: { type: 'integer' } }, required: ['total'] };
const batch = '/api/v1/events/batch';
const good = newEvent({ payload: { total: 1 } });
const bad = newEvent({ payload: { total: 'one' } });

function register(target: Target, subject = 'order.placed'): Promise<Answer> {
  return sendJson(target, { method: 'POST', path: '/api/v1/schemas', body: { subject, schema } });
}

function enforce(target: Target, enforcement: string): Promise<Answer> {
  const path = '/api/v1/schemas/order.placed/enforcement';
  return sendJson(target, { method: 'PUT', path, body: { enforcement } });
}

async function countOf(target: Target): Promise<unknown> {
  return bodyOf(await call(target, { path: '/api/v1/events/query' }))['count'];
}

async function metricsOf(target: Target): Promise<string> {
  return (await call(target, { path: '/metrics' })).text;
}

describe('enforcement over HTTP', () => {
  it('refuses what breaks a schema, names the field, and stores nothing', async () => {
    const target = await startListening();
    await register(target);
    const sent: readonly [string, Record<string, string>, string, object, string][] = [
      ['/api/v1/events', json, bad, {}, ''],
      [batch, json, `[${good},${bad}]`, { event: 1 }, 'events[1]'],
      [batch, json, `{"events":[${good},${good},${bad}]}`, { event: 2 }, 'events[2]'],
      [batch, ndjson, `${good}\n\n${good}\n${bad}\n${good}`, { line: 4 }, 'line 4'],
    ];
    for (const [path, headers, body, place, told] of sent) {
      const refused = await call(target, { path, headers, body });
      expect(refused.status, refused.text).toBe(400);
      const { code, error, details } = bodyOf(refused);
      expect(code).toBe('payload_schema_violation');
      expect(error).toContain('payload/total');
      expect(error).toContain(told);
      const [detail] = details as object[];
      expect(detail).toMatchObject({
        ...{ field: 'payload', subject: 'order.placed', version: 1, pointer: '/total' },
        ...{ rule: 'type', ...place },
      });
    }
    expect(await countOf(target)).toBe(0);
    expect((await append(target, { event_type: 'order.paid', payload: 'any' })).status).toBe(200);
    const taken = await call(target, { path: batch, headers: ndjson, body: `${good}\n${good}` });
    expect(bodyOf(taken)['ingested']).toBe(2);
    const { events } = bodyOf(await call(target, { path: '/api/v1/events/query' }));
    const versions = (events as { schema_version?: number }[]).map((event) => event.schema_version);
    expect(versions).toEqual([undefined, 1, 1]);
  });

  it('counts what it refuses, and what it only warns of', async () => {
    const target = await startListening();
    await register(target);
    await append(target, { payload: {} });
    await enforce(target, 'warn');
    expect((await append(target, { payload: {} })).status).toBe(200);
    expect((await append(target, { payload: { total: 'one' } })).status).toBe(200);
    await enforce(target, 'off');
    expect((await append(target, { payload: {} })).status).toBe(200);
    const path = '/api/v1/schemas';
    const { details } = bodyOf(await call(target, { path }));
    expect(details).toMatchObject([{ enforcement: 'off', violations: { refused: 1, warned: 2 } }]);
    expect(await countOf(target)).toBe(3);
    const told = await metricsOf(target);
    expect(told).toContain('allsource_schema_subjects 1\n');
    expect(told).toContain('allsource_schema_violations_total{outcome="refused"} 1\n');
    expect(told).toContain('allsource_schema_violations_total{outcome="warned"} 2\n');
    await enforce(target, 'enforce');
    expect((await append(target, { payload: {} })).status).toBe(400);
    await call(target, { path: `${path}/order.placed`, method: 'DELETE' });
    expect((await append(target, { payload: {} })).status).toBe(200);
    const later = await metricsOf(target);
    expect(later).toContain('allsource_schema_subjects 0\n');
    expect(later).toContain('allsource_schema_violations_total{outcome="refused"} 2\n');
  });

  it('is of a prefix where the type has no schema of its own', async () => {
    const target = await startListening();
    await register(target, 'order.*');
    const refused = await append(target, { payload: {} });
    expect(bodyOf(refused)['error']).toContain('order.*');
    expect((await append(target, { event_type: 'orders', payload: {} })).status).toBe(200);
  });

  it('is the same after a restart', async () => {
    const dataDir = await makeDirectory();
    const started = async () => {
      const store = await openEventStore({ dataDir, snapshots: { automatic: false } });
      onTestFinished(() => store.close());
      const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
      onTestFinished(() => server.close());
      const stop = async (): Promise<void> => {
        await server.close();
        await store.close();
      };
      return { store, port: server.port, stop };
    };
    const first = await started();
    await register(first);
    const path = '/api/v1/schemas/order.placed';
    const before = await call(first, { path });
    await first.stop();
    const second = await started();
    expect(bodyOf(await call(second, { path }))).toEqual(bodyOf(before));
    const refused = await append(second, { payload: {} });
    expect([refused.status, bodyOf(refused)['code']]).toEqual([400, 'payload_schema_violation']);
    expect((await append(second, { payload: { total: 1 } })).status).toBe(200);
  });
});
