// A process whose pipelines post to one server and ask another is killed again and again, while both fail
// now and then. Long form: KILL_ROUNDS=100.
import { expect, it } from 'vitest';
import { pipeline } from '../../src/index.js';
import type { JsonObject } from '../../src/index.js';
import { createMachine } from '../../src/pipelines/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { until } from '../projections/support.js';
import { runAndKill } from '../support/killedProcess.js';
import { collect, makeDirectory, openStore } from '../support/store.js';
import { Receiver } from '../webhooks/receiver.js';
import { LookupServer } from './lookupServer.js';
import { outsideDefinitions } from './outsideDefinitions.mjs';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 6);

interface Posted {
  readonly id: string;
  readonly value: { readonly group: { readonly region: string }; readonly value: number };
}

/** What was posted of each group in the order of its first arrivals; a result is the same each time. */
function postedTo(receiver: Receiver): Record<string, number[]> {
  const bodies = new Map<string, string>();
  const groups: Record<string, number[]> = {};
  for (const { body } of receiver.requests) {
    const { id, value } = JSON.parse(body) as Posted;
    expect(bodies.get(id) ?? body).toBe(body);
    if (!bodies.has(id)) (groups[value.group.region] ??= []).push(value.value);
    bodies.set(id, body);
  }
  return groups;
}

it(
  `posts all results and loses no item that is looked up, over ${rounds} kills`,
  async () => {
    const seed = seedOf(process.env['KILL_SEED']);
    const random = makeRandom(seed);
    const [receiver, server] = [await Receiver.listen(), await LookupServer.listen()];
    receiver.answer = () => (random(20) === 0 ? 500 : 204);
    server.answer = (response, path) => {
      if (random(20) === 0) response.writeHead(503).end();
      else response.end(JSON.stringify({ path }));
    };
    const dataDir = await makeDirectory();
    const urls = { hook: receiver.url(), lookup: server.url };
    const victim = { file: 'outsideVictim.mjs', args: [urls.hook, urls.lookup] };
    for (let round = 0; round < rounds; round += 1)
      await runAndKill(import.meta.url, { dataDir, random, msMax: 1200, victim });
    receiver.answer = () => 204;
    const store = await openStore({ dataDir, allowPrivateLookups: true });
    await store.webhooks.start({ allowPrivateAddresses: true });
    const orders = await collect(store.read({ eventType: 'order.placed' }));
    const [posted] = outsideDefinitions(pipeline, urls);
    const machine = createMachine(posted);
    const expected: Record<string, number[]> = {};
    for (const order of orders) {
      for (const { value } of (await machine.process(order)).emissions) {
        const { group, value: sum } = value as unknown as Posted['value'];
        (expected[group.region] ??= []).push(sum);
      }
    }
    await until(async () => (await store.pipelines.get('asked')).lag < 10);
    const asked = () => collect(store.read({ eventType: 'asked.made' }));
    await until(async () => (await asked()).length >= orders.length);
    await expect.poll(() => postedTo(receiver), { timeout: 20_000 }).toEqual(expected);
    expect((await asked()).map(({ payload }) => payload)).toEqual(
      orders.map(({ payload }) => {
        const { customer } = payload as JsonObject;
        return { ...(payload as JsonObject), of: { path: `/customers/${String(customer)}` } };
      }),
    );
    console.log(
      `KILL_SEED=${seed}: ${rounds} kills, ${orders.length} orders, ${receiver.requests.length} ` +
        `posts, ${server.paths.length} questions`,
    );
    expect(orders.length).toBeGreaterThan(rounds);
  },
  90_000 + rounds * 5_000,
);
