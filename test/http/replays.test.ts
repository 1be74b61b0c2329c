import { describe, expect, it } from 'vitest';
import { answerCheck, sendJson } from './documentedAnswers.js';
import {
  type Answer,
  type Target,
  append,
  bodyOf,
  call,
  startExpress,
  startListening,
} from './support.js';

const path = '/api/v1/replay';
const counts = { name: 'counts', fields: { events: { fold: 'count' } } };

const post = (target: Target, suffix: string, body?: unknown): Promise<Answer> =>
  sendJson(target, { method: 'POST', path: path + suffix, body });
const get = (target: Target, suffix: string): Promise<Answer> =>
  call(target, { path: path + suffix });

async function filled(target: Target): Promise<void> {
  await sendJson(target, { method: 'POST', path: '/api/v1/projections', body: counts });
  for (let i = 0; i < 20; i += 1) await append(target, { entity_id: `order-${i % 2}` });
}

describe.each([
  ['listen', startListening],
  ['createApp', startExpress],
])('replays over HTTP, %s', (_name, start) => {
  it('build states anew, and tell of themselves as the document says', async () => {
    const target = await start();
    const check = await answerCheck(target);
    await filled(target);
    const begun = await post(target, '', {
      ...{ projection_name: 'counts', entity_id: 'order-1', mode: 'blue_green' },
      config: { batch_size: 3, progress_interval: 1 },
    });
    expect(begun.status).toBe(201);
    const id = String(check('Replay', begun)['replay_id']);
    const info = async () => check('Replay', await get(target, `/${id}`));
    await expect.poll(async () => (await info())['status']).toBe('completed');
    expect(await info()).toMatchObject({
      ...{ projections: ['counts'], total_events: 10, processed_events: 10, failed_events: 0 },
      ...{ progress_percentage: 100, remaining_seconds: null, error_message: null },
    });
    const states = await call(target, { path: '/api/v1/projections/counts/state' });
    expect(bodyOf(states)['states']).toEqual([{ key: 'order-1', state: { events: 10 } }]);
    expect(check('ReplayList', await get(target, ''))).toMatchObject({ total: 1 });
    expect(check('Replay', await post(target, `/${id}/cancel`))['status']).toBe('completed');
    const metrics = (await call(target, { path: '/metrics' })).text;
    for (const [name, value] of [
      ['replays_started_total', 1],
      ['replays_completed_total', 1],
      ['replays_failed_total', 0],
      ['replay_events_processed_total', 10],
    ] as const) {
      expect(metrics).toContain(`\nallsource_${name} ${value}\n`);
    }
    const removed = await call(target, { path: `${path}/${id}`, method: 'DELETE' });
    expect(check('DeletedReplay', removed)).toEqual({ replay_id: id, deleted: true });
    expect((await get(target, `/${id}`)).status).toBe(404);
  });

  it('are cancelled, and can not be forgotten while they run', async () => {
    const target = await start();
    await filled(target);
    await call(target, { path: '/api/v1/projections/counts/pause', method: 'POST' });
    const id = String(bodyOf(await post(target, '', {}))['replay_id']);
    const refused = await call(target, { path: `${path}/${id}`, method: 'DELETE' });
    expect([refused.status, bodyOf(refused)['code']]).toEqual([409, 'replay_running']);
    expect(bodyOf(await post(target, `/${id}/cancel`))['status']).toBe('cancelled');
    expect((await call(target, { path: `${path}/${id}`, method: 'DELETE' })).status).toBe(200);
  });

  it('say what is wrong', async () => {
    const target = await start();
    await filled(target);
    const cases: [Promise<Answer>, number, string][] = [
      [get(target, '/nothing'), 404, 'replay_not_found'],
      [post(target, '/nothing/cancel'), 404, 'replay_not_found'],
      [post(target, '', { projection_name: 'nothing' }), 404, 'projection_not_found'],
      [post(target, '', { projection_name: 'entity_snapshots' }), 422, 'unprocessable'],
      [post(target, '', { config: { batch_size: 0 } }), 400, 'validation_error'],
      [post(target, '', { config: { workers: -4 } }), 400, 'validation_error'],
      [post(target, '', { config: { progress_interval: 0 } }), 400, 'validation_error'],
      [post(target, '', { config: { batchsize: 1 } }), 400, 'validation_error'],
      [post(target, '', { projection: 'counts' }), 400, 'validation_error'],
      [post(target, '', { from_timestamp: 'yesterday' }), 400, 'invalid_query'],
      [post(target, '', { mode: 'green' }), 400, 'validation_error'],
    ];
    for (const [answer, status, code] of cases) {
      const { status: got, text } = await answer;
      expect([got, (JSON.parse(text) as { code: string }).code], text).toEqual([status, code]);
    }
  });
});
