import { describe, expect, it, vi } from 'vitest';
import { codeOf, errorOf, newEvent } from '../support/store.js';
import { RestartingServer, openClient } from './support.js';

const declaration = { name: 'counts', fields: { events: { fold: 'count' } } } as const;
const poll = (check: () => unknown) => vi.waitUntil(check, { timeout: 10_000, interval: 5 });

describe('a projection over a network', () => {
  it('is waited for without the server writing what changed', async () => {
    const server = await RestartingServer.start();
    const asked: string[] = [];
    const client = openClient(server.url, {
      fetch: (input, init) => {
        asked.push(`${init?.method} ${new URL(String(input)).pathname}`);
        return fetch(input, init);
      },
    });
    const projection = await client.projections.declare(declaration);
    const { position } = await client.append(newEvent('a'));
    asked.splice(0);
    await projection.waitFor(position);
    expect(asked).toEqual(['GET /api/v1/projections/counts']);
    expect(await projection.get('a')).toMatchObject({ state: { events: 1 } });
  });

  it('is waited for until the signal aborts, and not longer', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    const projection = await client.projections.declare(declaration);
    const stop = new AbortController();
    const waiting = codeOf(() => projection.waitFor(1_000_000, { signal: stop.signal }));
    const begin = performance.now();
    setImmediate(() => stop.abort());
    expect(await waiting).toBe('aborted');
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  it('is rebuilt where it had failed, whose failure is not that of the rebuild', async () => {
    const server = await RestartingServer.start();
    let answers = 0;
    const client = openClient(server.url, {
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        const isInfo = init?.method === 'GET' && String(input).endsWith('/projections/counts');
        if (!isInfo || !isRebuilding || answers >= 3) return answer;
        // As long as the rebuild takes, which is no time here.
        answers += 1;
        const failure = { position: 1, reason: 'of the states before' };
        const rebuild = { version: 2, position: 1, goal: 2 };
        const info = (await answer.json()) as object;
        return Response.json({ ...info, status: 'rebuilding', failure, rebuild });
      },
    });
    let isRebuilding = false;
    const projection = await client.projections.declare(declaration);
    isRebuilding = true;
    expect(await projection.rebuild()).toEqual({ keys: 0, different: [] });
    expect(answers).toBe(3);
  });

  it('fails to be rebuilt where an event fails', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    await client.append(newEvent('a', { n: 'text' }));
    const fields = { sum: { fold: 'sum', field: 'n' } } as const;
    const projection = await client.projections.declare({ name: 'sums', fields });
    await poll(async () => (await projection.info()).status === 'failed');
    const error = await errorOf(() => projection.rebuild());
    expect(error.code).toBe('projection_stopped');
    expect(error.message).toContain('expected a number');
  });

  it('is not rebuilt while it is paused, and says so', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    const projection = await client.projections.declare(declaration);
    await projection.pause();
    const error = await errorOf(() => projection.rebuild());
    expect(error.code).toBe('projection_stopped');
    expect(error.message).toContain('is paused, and is built anew once it is resumed');
  });

  it('is waited for over a restart of the server', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    const projection = await client.projections.declare(declaration);
    const { position } = await client.append(newEvent('a'));
    let isReached = false;
    // Records of the projections itself take positions.
    const waiting = projection.waitFor(position + 50).then(() => (isReached = true));
    await server.stop();
    await server.startAgain();
    for (let i = 0; i < 50; i += 1) await client.append(newEvent('a'));
    await poll(() => isReached);
    await waiting;
  });
});
