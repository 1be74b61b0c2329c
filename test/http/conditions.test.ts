import { describe, expect, it } from 'vitest';
import { append, bodyOf, call, json, ndjson, newEvent, startListening } from './support.js';
import type { Answer, Target } from './support.js';

const events = '/api/v1/events';

/** A batch of one event with these tags, under a condition. */
function join(target: Target, tags: string[], condition: object): Promise<Answer> {
  const event = JSON.parse(newEvent({ entity_id: tags[1], tags })) as object;
  const body = JSON.stringify({ events: [event], ...condition });
  return call(target, { path: `${events}/batch`, headers: json, body });
}

describe('conditions on events over HTTP', () => {
  it('are refused with the events in the way, byte for byte, and where to go on', async () => {
    const target = await startListening();
    const payload = '{"b":1.0,"a":12345678901234567890123}';
    const body = newEvent({ tags: ['course:c1', 'student:s1'] }).replace('{}', payload);
    await call(target, { path: events, headers: json, body });
    const condition = { fail_if_events_match: { tags: ['course:c1'] }, after: 0 };
    const refused = await join(target, ['course:c1', 'student:s2'], condition);
    expect(refused.status).toBe(409);
    const problem = bodyOf(refused);
    expect(problem).toMatchObject({ code: 'append_condition_failed', position: 1 });
    const query = await call(target, { path: `${events}/query?tag=course:c1` });
    expect(problem['events']).toEqual(bodyOf(query)['events']);
    expect(refused.text).toContain(`"payload":${payload}`);
    const after = { ...condition, after: problem['position'] };
    const taken = await join(target, ['course:c1', 'student:s2'], after);
    expect(bodyOf(taken)).toMatchObject({ ingested: 1, first_position: 2 });
  });

  it('are joined by "or" where there are several', async () => {
    const target = await startListening();
    await append(target, { event_type: 'course.closed', tags: ['course:c1'] });
    const condition = {
      fail_if_events_match: [
        { event_types: ['student.joined'], tags: ['student:s1'] },
        { event_types: ['course.closed'], tags: ['course:c1'] },
      ],
    };
    expect((await join(target, ['course:c1', 'student:s1'], condition)).status).toBe(409);
    const [first] = condition.fail_if_events_match;
    const taken = await join(target, ['course:c1', 'student:s1'], {
      fail_if_events_match: [first],
    });
    expect(taken.status).toBe(200);
  });

  it.each([
    ['{"events":[],"fail_if_events_match":{}}', 'expected at least one event'],
    ['{"events":[{}],"fail_if_events_match":{"types":["a"]}}', 'types: not a member of an item'],
    ['{"events":[{}],"fail_if_events_match":null}', 'fail_if_events_match: expected an object'],
    ['{"after":1,"events":[EVENT]}', 'after: it says behind which position'],
    ['{"after":"1","events":[EVENT]}', 'after: expected a position'],
    ['{"failIfEventsMatch":{},"events":[EVENT]}', 'failIfEventsMatch: not known here'],
  ])('%s: %s', async (text, message) => {
    const target = await startListening();
    // The member that is wrong comes before the events where it is to be met first.
    const isFirst = text.includes('EVENT') || text.includes('[]');
    const body = isFirst ? text.replace('EVENT', newEvent()) : reordered(text);
    const answer = await call(target, { path: `${events}/batch`, headers: json, body });
    expect(answer.status).toBe(400);
    expect(bodyOf(answer)['error']).toContain(message);
    expect(target.store.watermark).toBe(0);
  });

  it('find tags that came as NDJSON; a query takes several', async () => {
    const target = await startListening();
    const lines = [
      newEvent({ tags: ['a', 'b'] }),
      newEvent({ tags: ['b', 'c'] }),
      newEvent({ tags: ['a', 'b', 'c d'] }),
    ];
    const body = lines.join('\n');
    await call(target, { path: `${events}/batch`, headers: ndjson, body });
    const positions = async (query: string): Promise<unknown> => {
      const answer = await call(target, { path: `${events}/query?${query}` });
      expect(answer.status, answer.text).toBe(200);
      const found = bodyOf(answer)['events'] as { position: number }[];
      return found.map((event) => event.position);
    };
    expect(await positions('tag=a')).toEqual([1, 3]);
    expect(await positions('tag=b&tag=c')).toEqual([2]);
    expect(await positions('tag=a&tag=c+d&order=desc')).toEqual([3]);
    const refused = await call(target, { path: `${events}/query?tag=` });
    expect(bodyOf(refused)).toMatchObject({ code: 'invalid_query' });
  });
});

function reordered(text: string): string {
  const { events: list, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ ...rest, events: list });
}
