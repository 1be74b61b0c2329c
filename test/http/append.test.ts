import { describe, expect, it } from 'vitest';
import {
  append,
  appendLines,
  bodyOf,
  call,
  json,
  lines,
  ndjson,
  newEvent,
  startListening,
} from './support.js';

const path = '/api/v1/events';

describe('appending over HTTP', () => {
  it('lets exactly one of 64 racing writers win each version', async () => {
    const target = await startListening();
    const rounds = 8;
    for (let version = 0; version < rounds; version += 1) {
      const writers = Array.from({ length: 64 }, (_, writer) =>
        append(target, { expected_version: version, payload: { writer } }),
      );
      const answers = await Promise.all(writers);
      const won = answers.filter(({ status }) => status === 200);
      expect(won.map((answer) => bodyOf(answer)['version'])).toEqual([version + 1]);
      const lost = answers.filter(({ status }) => status === 409);
      expect(lost).toHaveLength(63);
      for (const answer of lost) {
        const conflict = { expected_version: version, current_version: version + 1 };
        expect(bodyOf(answer)).toMatchObject({ code: 'version_conflict', ...conflict });
      }
    }
    expect(target.store.watermark).toBe(rounds);
  });

  it('gives payloads back digit by digit', async () => {
    const target = await startListening();
    const payload = '{"b":1.0,"a":12345678901234567890123,"e":1E-400,"t":"\\u0041é\\ud800"}';
    const body = newEvent().replace('{}', payload);
    const answer = await call(target, { path, headers: json, body });
    expect(answer.status, answer.text).toBe(200);
    const { text } = await call(target, { path: `${path}/${String(bodyOf(answer)['event_id'])}` });
    expect(text).toContain(`"payload":${payload},`);
    for (const read of ['events/query', 'entities/order-1/state', 'entities/order-1/snapshot']) {
      expect((await call(target, { path: `/api/v1/${read}` })).text).toContain(payload);
    }
  });

  it('writes nothing of a batch with a bad line', async () => {
    const target = await startListening();
    const body = `${lines(1_000)}\n{"event_type":"order.placed"}\n${lines(1)}`;
    const answer = await call(target, { path: `${path}/batch`, headers: ndjson, body });
    expect(answer.status).toBe(400);
    expect(bodyOf(answer)['error']).toContain('line 1001');
    expect(target.store.watermark).toBe(0);
  });

  it('takes a batch in chunks of any size', async () => {
    const target = await startListening();
    const body = lines(20_000, { filler: 'x'.repeat(100) });
    const headers = { ...ndjson, 'transfer-encoding': 'chunked' };
    const answer = await call(target, { path: `${path}/batch?return=summary`, headers, body });
    expect(bodyOf(answer)).toMatchObject({ ingested: 20_000, first_position: 1 });
  });

  it('mixes nothing of batches that come at the same time', async () => {
    const target = await startListening();
    const rounds = 4;
    for (let round = 0; round < rounds; round += 1) {
      const batches = Array.from({ length: 32 }, (_, i) => {
        const filler = String.fromCharCode(97 + (i % 26)).repeat(100 + i);
        return appendLines(target, lines(600, { entity: `e-${i}`, first: round * 600, filler }));
      });
      await Promise.all(batches);
    }
    for (let i = 0; i < 32; i += 1) {
      const query = `/api/v1/events/query?entity_id=e-${i}`;
      const headers = { accept: 'application/x-ndjson' };
      const { text } = await call(target, { path: query, headers });
      const filler = String.fromCharCode(97 + (i % 26)).repeat(100 + i);
      const expected = Array.from({ length: rounds * 600 }, (_, n) => ({ n, filler }));
      const stored = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(stored).toMatchObject(expected.map((payload) => ({ payload })));
    }
  });

  it('counts a retry of a batch with the same ids as nothing written', async () => {
    const target = await startListening();
    const body = `[${newEvent({ event_id: '0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f' })}]`;
    await call(target, { path: `${path}/batch`, headers: json, body });
    const answer = await call(target, { path: `${path}/batch`, headers: json, body });
    expect(bodyOf(answer)).toMatchObject({ ingested: 0, results: [{ deduplicated: true }] });
  });

  it('refuses bodies above the bytes that all requests may hold', async () => {
    const target = await startListening({ bodiesBytesMax: 1_000 });
    const body = newEvent({ payload: 'x'.repeat(2_000) });
    const answer = await call(target, { path, headers: json, body });
    expect(answer.status).toBe(503);
    expect(bodyOf(answer)['code']).toBe('overloaded');
    expect(answer.headers['retry-after']).toBe('1');
    expect((await append(target)).status).toBe(200);
  });

  it('keeps to the configured limits', async () => {
    const target = await startListening({ eventBodyBytesMax: 500, batchBodyBytesMax: 800 });
    const body = newEvent({ payload: 'x'.repeat(600) });
    expect((await call(target, { path, headers: json, body })).status).toBe(413);
    const batch = { path: `${path}/batch`, headers: ndjson };
    expect((await call(target, { ...batch, body })).status).toBe(200);
    expect((await call(target, { ...batch, body: `${body}\n${body}` })).status).toBe(413);
  });

  it('refuses to name a bad option only when a request comes', async () => {
    await expect(startListening({ batchBodyBytesMax: 0 })).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
    await expect(startListening({ requestTimeoutMs: 1.5 })).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
  });
});
