import { describe, expect, it } from 'vitest';
import { Receiver } from '../webhooks/receiver.js';
import { newEvent } from '../support/store.js';
import { RestartingServer, openClient } from './support.js';

describe('a client', () => {
  it('tells of consumers and their dead letters what the store tells', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    await client.consumers.create({ name: 'c', maxAttempts: 1 });
    for (let i = 0; i < 3; i += 1) await client.append(newEvent(`e${i}`, i));
    const consumer = await client.consumers.get('c');
    const options = { member: 'm', limit: 3, waitMs: 5_000 };
    const positions = (await consumer.pull(options)).map(({ event }) => event.position);
    await consumer.nack('m', positions.slice(0, 1), { reason: 'no stock' });
    await consumer.ack('m', positions.slice(1));
    const local = await server.store.consumers.get('c');
    await expect.poll(async () => (await local.deadLetters()).length).toBe(1);
    expect(await consumer.deadLetters()).toEqual(await local.deadLetters());
    const { delivered, redelivered, acknowledged } = await consumer.info();
    expect({ delivered, redelivered, acknowledged }).toEqual({
      delivered: 3,
      redelivered: 0,
      acknowledged: 2,
    });
  });

  it('reads the dead letters of a webhook, and seeks it', async () => {
    const server = await RestartingServer.start({ allowPrivateWebhooks: true });
    const client = openClient(server.url);
    const receiver = await Receiver.listen();
    receiver.answer = () => 400;
    const url = receiver.url();
    await client.webhooks.create({ name: 'w', url, maxAttempts: 1, pauseAfter: 1000 });
    for (let i = 0; i < 5; i += 1) await client.append(newEvent(`e${i}`, i));
    await expect.poll(async () => (await client.webhooks.get('w')).deadLetters).toBe(5);
    const letters = await client.webhooks.deadLetters('w');
    expect(letters).toEqual(await server.store.webhooks.deadLetters('w'));
    expect(letters.length).toBe(5);
    receiver.answer = () => 204;
    const { position } = await client.append(newEvent('taken', 1));
    await expect.poll(async () => (await client.webhooks.get('w')).cursor >= position).toBe(true);
    expect(await client.webhooks.seek('w', position)).toMatchObject({ name: 'w' });
    const { refused, taken } = await client.webhooks.get('w');
    expect([refused, taken > 0]).toEqual([5, true]);
    await expect.poll(() => receiver.positions.slice(5)).toEqual([position, position]);
  });
});
