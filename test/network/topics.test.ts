// A server whose pipeline sends to a topic is killed again and again; whoever follows the topic gets
// each message once and in order, over a WebSocket and over server-sent events. TOPIC_SEED=…
import { type IncomingMessage, get } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import { pipeline } from '../../src/index.js';
import type { TopicMessage } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { openClient } from '../client/support.js';
import { makeDirectory } from '../support/store.js';
import { ServerProcess } from './serverProcess.js';

const kills = 5;
const eventsOfRound = 40;
const poll = (check: () => unknown) => vi.waitUntil(check, { timeout: 30_000, interval: 10 });

/** Connects as a browser does: again where it was, by the last id. */
function followBySse(url: string, path: string) {
  const ids: number[] = [];
  const values: unknown[] = [];
  let request: ReturnType<typeof get> | undefined;
  let hasEnded = false;
  const connect = (): void => {
    if (hasEnded) return;
    const lastId = ids.at(-1);
    const resume = lastId === undefined ? {} : { 'last-event-id': String(lastId) };
    const again = (): void => void setTimeout(connect, 20);
    request = get(url + path, {
      agent: false,
      headers: { accept: 'text/event-stream', ...resume },
    });
    request.on('error', again).on('response', (response: IncomingMessage) => {
      let rest = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) take(block);
      });
      response.on('error', () => undefined).on('close', again);
    });
  };
  const take = (block: string): void => {
    const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
    if (id === undefined || data === undefined) return;
    ids.push(Number(id));
    values.push((JSON.parse(data) as { value: unknown }).value);
  };
  connect();
  const end = (): void => {
    hasEnded = true;
    request?.destroy();
  };
  return { values, end };
}

it(`gives each message of a topic once, over ${kills} kills of the server`, async () => {
  const seed = seedOf(process.env['TOPIC_SEED']);
  const random = makeRandom(seed);
  console.log(`TOPIC_SEED=${seed}`);
  const server = await ServerProcess.start(await makeDirectory(), random);
  onTestFinished(() => server.stop());
  const client = openClient(server.url);
  const running = pipeline('running').reduce({ function: 'sum', field: 'n' }).toTopic('sums');
  await client.pipelines.create(running, { id: 'running' });
  const seen: TopicMessage[] = [];
  const stop = new AbortController();
  const reading = (async () => {
    const options = { from: 'beginning', signal: stop.signal } as const;
    for await (const message of client.pipelines.subscribe('sums', options)) seen.push(message);
  })();
  const events = followBySse(server.url, '/api/v1/events/stream?topic=sums&from_position=1');
  onTestFinished(events.end);
  let sum = 0;
  const sums: number[] = [];
  for (let round = 0; round <= kills; round += 1) {
    const appending = (async () => {
      for (let i = 0; i < eventsOfRound; i += 1) {
        const n = random(100);
        await client.append({ eventType: 'number.drawn', entityId: 'n', payload: { n } });
        sums.push((sum += n));
      }
    })();
    if (round < kills) {
      const goal = sums.length + random(eventsOfRound);
      await poll(() => sums.length >= goal);
      await server.kill();
      await server.restart();
    }
    await appending;
  }
  await poll(() => seen.length >= sums.length);
  await poll(() => events.values.length >= sums.length);
  stop.abort();
  await reading;
  expect(seen.map(({ value }) => (value as { value: number }).value)).toEqual(sums);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(sums.length);
  expect(events.values).toEqual(seen.map(({ value }) => value));
}, 180_000);
