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

const path = '/api/v1/pipelines';
const revenue = {
  id: 'revenue',
  name: 'revenue',
  source_event_types: ['order.*'],
  operators: [
    { type: 'filter', field: 'total', op: 'gte', value: 10 },
    { type: 'reduce', field: 'total', function: 'sum', group_by: 'region' },
  ],
  output: { type: 'event', event_type: 'revenue.changed', entity_id: 'revenue-{group.region}' },
};

function send(target: Target, method: string, suffix: string, body?: unknown): Promise<Answer> {
  return sendJson(target, { method, path: path + suffix, body });
}

const order = (payload: unknown) => ({ event_type: 'order.placed', payload });

describe.each([
  ['listen', startListening],
  ['createApp', startExpress],
])('pipelines over HTTP, %s', (_name, start) => {
  it('derive events, and tell of it as the document says', async () => {
    const target = await start();
    const check = await answerCheck(target);
    const created = check('CreatedPipeline', await send(target, 'POST', '', revenue));
    expect(created).toEqual({ pipeline_id: 'revenue', name: 'revenue', enabled: true });
    // The same again is the same.
    check('CreatedPipeline', await send(target, 'POST', '', revenue));
    await append(target, order({ region: 'eu', total: 20 }));
    await append(target, order({ region: 'eu', total: 5 }));
    await append(target, order({ region: 'eu', total: '20' }));
    await append(target, order({ region: 'eu', total: 30 }));
    const state = async () => {
      const answer = await call(target, { path: '/api/v1/entities/revenue-eu/state' });
      return answer.status === 200 ? bodyOf(answer)['current_state'] : undefined;
    };
    await expect.poll(state).toMatchObject({ value: 50, count: 2 });
    const stats = check('PipelineStats', await send(target, 'GET', '/revenue/stats'));
    expect(stats).toMatchObject({ events_processed: 4, events_filtered: 2, events_emitted: 2 });
    expect(check('PipelineStatsList', await send(target, 'GET', '/stats'))['total']).toBe(1);
    expect(check('PipelineList', await send(target, 'GET', ''))['total']).toBe(1);
    const events = [{ ...order({ region: 'us', total: 99 }), entity_id: 'o-1' }];
    const tested = check('TestedPipeline', await send(target, 'POST', '/revenue/test', { events }));
    expect(tested['emissions']).toMatchObject([
      { output: { entity_id: 'revenue-us' }, value: { value: 99 } },
    ]);
    expect(check('Pipeline', await send(target, 'POST', '/revenue/pause'))['enabled']).toBe(false);
    expect(check('Pipeline', await send(target, 'POST', '/revenue/resume'))['enabled']).toBe(true);
    check('ResetPipeline', await send(target, 'PUT', '/revenue/reset'));
    const anew = check('PipelineStats', await send(target, 'GET', '/revenue/stats'));
    expect(anew['events_processed']).toBe(0);
    check('RemovedPipeline', await send(target, 'DELETE', '/revenue'));
    expect((await send(target, 'GET', '/revenue')).status).toBe(404);
  });

  it('begin with the whole log where they are asked to', async () => {
    const target = await start();
    await append(target, order({ region: 'eu', total: 20 }));
    await send(target, 'POST', '', { ...revenue, from: 'beginning' });
    await send(target, 'POST', '', { ...revenue, id: 'late', from: 'now' });
    await append(target, order({ region: 'eu', total: 30 }));
    const taken = async (id: string) =>
      bodyOf(await send(target, 'GET', `/${id}/stats`))['events_processed'];
    await expect.poll(() => taken('revenue')).toBe(2);
    await expect.poll(() => taken('late')).toBe(1);
    const stats = bodyOf(await send(target, 'GET', '/revenue/stats'));
    const shown = bodyOf(await send(target, 'GET', '/revenue'));
    const { pipeline_id: _id, position, lag: _lag, ...counts } = stats;
    expect(shown).toMatchObject({ stats: counts, enabled: true, failure: null });
    // What pipelines write themselves moves it, too.
    expect(Number(shown['position'])).toBeGreaterThanOrEqual(Number(position));
    for (const from of ['yesterday', 5, '']) {
      const refused = await send(target, 'POST', '', { ...revenue, id: 'other', from });
      expect([refused.status, bodyOf(refused)['code']]).toEqual([400, 'validation_error']);
    }
  });

  it('have another id than that of a path', async () => {
    const target = await start();
    const refused = await send(target, 'POST', '', { ...revenue, id: 'stats' });
    expect(refused.status).toBe(400);
    expect(bodyOf(refused)).toMatchObject({ code: 'validation_error', details: [{ field: 'id' }] });
    expect(refused.text).toContain('all pipelines');
  });

  it('are tried on 10 000 events of any size together, and not on more', async () => {
    const target = await start();
    await send(target, 'POST', '', revenue);
    const event = { ...order({ total: 1, text: 'x'.repeat(300) }), entity_id: 'o-1' };
    const events = Array<unknown>(10_000).fill(event);
    const tested = bodyOf(await send(target, 'POST', '/revenue/test', { events }));
    expect(tested['stats']).toMatchObject({ events_processed: 10_000, events_filtered: 10_000 });
    const more = await send(target, 'POST', '/revenue/test', { events: [...events, event] });
    expect([more.status, bodyOf(more)['code']]).toEqual([400, 'validation_error']);
    expect(more.text).toContain('10000');
  });

  it('tell the secrets of their webhooks once', async () => {
    const target = await start();
    const check = await answerCheck(target);
    const output = { type: 'webhook', url: 'https://example.com/hook' };
    const made = check('CreatedPipeline', await send(target, 'POST', '', { ...revenue, output }));
    expect(made['webhooks']).toEqual([
      {
        name: 'pipeline.revenue.1',
        url: output.url,
        secret: expect.stringMatching(/^whsec_/) as string,
      },
    ]);
    const again = await send(target, 'POST', '', { ...revenue, output });
    expect(check('CreatedPipeline', again)['webhooks']).toBeUndefined();
    const told = check('Pipeline', await send(target, 'GET', '/revenue'));
    expect(told['output']).toEqual(output);
    const hooks = await call(target, { path: '/api/v1/webhooks' });
    expect(hooks.text).toContain('"pipeline_id":"revenue"');
    expect(hooks.text).not.toContain('whsec_');
    const webhook = '/api/v1/webhooks/pipeline.revenue.1';
    expect((await call(target, { path: webhook, method: 'DELETE' })).status).toBe(422);
  });

  it('tell of events that failed', async () => {
    const target = await start();
    const operators = [{ type: 'map', field: 'total', transform: 'multiply:2' }];
    await send(target, 'POST', '', { id: 'p', name: 'p', operators });
    await append(target, order({ total: 'two' }));
    await append(target, order({ total: 1e308 }));
    const dropped = async () => bodyOf(await send(target, 'GET', '/p/dropped'))['dropped'];
    await expect.poll(dropped).toHaveLength(2);
    expect(await dropped()).toMatchObject([{ outcome: 'failed' }, { outcome: 'failed' }]);
  });

  it('say what is wrong, all of it at once', async () => {
    const target = await start();
    const bad = {
      name: 'bad name',
      operators: [{ type: 'filtre' }, { type: 'map', field: 'a', transform: 'divide:0' }],
    };
    const answer = bodyOf(await send(target, 'POST', '', bad));
    const fields = (answer['details'] as { field: string }[]).map(({ field }) => field);
    expect(fields).toEqual(['name', 'operators[0].type', 'operators[1].transform']);
    const http = { type: 'http', url: 'http://10.0.0.1/{id}' };
    const cases: [unknown, string][] = [
      [{ ...revenue, source_event_types: [] }, 'for ever'],
      [{ ...revenue, output: { type: 'webhook', url: 'http://10.0.0.1/' } }, 'output.url'],
      [{ ...revenue, operators: [{ type: 'enrich', source: http }] }, 'operators[0].source.url'],
      [{ ...revenue, filed: 1 }, 'filed'],
    ];
    for (const [body, told] of cases) {
      const refused = await send(target, 'POST', '', body);
      expect(refused.status).toBe(400);
      expect(refused.text).toContain(told);
    }
    await send(target, 'POST', '', revenue);
    const other = { ...revenue, operators: [] };
    expect(bodyOf(await send(target, 'POST', '', other))['code']).toBe('pipeline_exists');
    expect((await send(target, 'PUT', '/nothing/reset')).status).toBe(404);
  });
});
