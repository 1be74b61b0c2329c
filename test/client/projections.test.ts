import { describe, expect, it, vi } from 'vitest';
import { codeOf, newEvent } from '../support/store.js';
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
