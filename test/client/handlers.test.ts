import { describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/node.js';
import { errorOf, line, newEvent, uuid } from '../support/store.js';
import { RestartingServer, openClient } from './support.js';

const poll = (check: () => unknown) => vi.waitUntil(check, { timeout: 10_000, interval: 5 });

describe('a handler over a network', () => {
  it('leaves when its client is closed, and gives back what it holds', async () => {
    const server = await RestartingServer.start();
    await server.store.append(newEvent('a', 1));
    const client = connect(server.url);
    let isCalled = false;
    await client.consumer('c', async (_event, { signal }) => {
      isCalled = true;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Error('interrupted');
    });
    await poll(() => isCalled);
    await client.close();
    const consumer = await server.store.consumers.get('c');
    expect(await consumer.info()).toMatchObject({ members: [], inFlight: 0 });
    const [delivery] = await consumer.pull({ member: 'm', limit: 1, waitMs: 5000 });
    expect(delivery).toMatchObject({ attempt: 1, event: { payload: 1 } });
  });

  it('fails where an event id of its own is taken by something else', async () => {
    const server = await RestartingServer.start();
    await server.store.append(newEvent('other', 1, { eventId: uuid(1) }));
    const client = openClient(server.url);
    const worker = await client.consumer(
      'c',
      (_event, { append }) => append(newEvent('copy', 2, { eventId: uuid(1) })),
      { filter: { entityId: 'other' }, maxAttempts: 1 },
    );
    const consumer = await client.consumers.get('c');
    await poll(async () => (await consumer.deadLetters()).length === 1);
    expect((await consumer.deadLetters())[0]?.reason).toContain('other content');
    await worker.stop();
  });
});

describe('lines under conditions', () => {
  it.each([
    [
      '{"event_type":"a","entity_id":"a","payload":1},{"event_type":"a","entity_id":"a","payload":2}',
    ],
    ['[{"event_type":"a","entity_id":"a","payload":1}]'],
    ['{"event_type":"a"'],
  ])('are one event each: %s', async (bad) => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    const bytes = Buffer.from(`${line('a')}\n\n${bad}\n`);
    const error = await errorOf(() => client.appendBatch(bytes, { conditions: { a: 0 } }));
    expect(error).toMatchObject({ code: 'invalid_json', details: [{ line: 3 }] });
    expect(server.store.watermark).toBe(0);
  });

  it('are UTF-8', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    const bytes = Buffer.concat([Buffer.from(line('a')), Buffer.from([0xff])]);
    const error = await errorOf(() => client.appendBatch(bytes, { conditions: { a: 0 } }));
    expect(error.code).toBe('invalid_json');
  });
});
