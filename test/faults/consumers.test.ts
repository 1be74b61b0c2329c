// Consumers on a disk that fails or is full.
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { collect, makeDirectory, newEvent, openStore } from '../support/store.js';
import { fillUp, mebibyte, mountDisk } from './disk.js';
import { faultEnvironment } from './faultLibrary.js';

const run = promisify(execFile);
const victimFile = fileURLToPath(new URL('consumerVictim.mjs', import.meta.url));
const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });
const refused = { code: 'storage_unavailable', message: expect.stringContaining('open') as string };

interface Report {
  /** What was delivered again, and could not be acknowledged. */
  readonly again: readonly number[];
}

async function runVictim(dataDir: string, calls: string): Promise<Report> {
  const trigger = join(await makeDirectory(), 'armed');
  const faults = faultEnvironment({ calls, nth: 1, error: 'EIO', suffix: '.seg', trigger });
  const env = { PATH: process.env['PATH'] ?? '', ...faults };
  const { stdout } = await run(process.execPath, [victimFile, dataDir], { env, timeout: 30_000 });
  return JSON.parse(stdout) as Report;
}

describe.each(['pwritev', 'fdatasync'])('a consumer whose store fails at %s', (calls) => {
  it('refuses its members with the reason, and its handlers end', async () => {
    const report = await runVictim(await makeDirectory(), calls);
    expect(report).toMatchObject({
      acknowledged: { code: 'append_outcome_unknown' },
      deadLetters: 1,
      inFlight: 1,
      readOnly: true,
      ackAgain: refused,
      nack: refused,
      pull: refused,
      replay: refused,
      seek: refused,
      busy: refused,
      idle: refused,
      started: refused,
    });
  });

  it('delivers a replay again whose acknowledgement was not recorded', async () => {
    const dataDir = await makeDirectory();
    const { again } = await runVictim(dataDir, calls);
    const store = await openStore({ dataDir });
    const consumer = await store.consumers.get('c');
    const isRecorded = (await consumer.deadLetters()).length === 0;
    const pulled = await consumer.pull({ member: 'm', limit: 10, waitMs: 1000 });
    const positions = pulled.map(({ event }) => event.position);
    // What could not be synced may be there all the same, and then it was recorded.
    if (calls === 'pwritev') expect(isRecorded).toBe(false);
    for (const position of again) expect(positions.includes(position)).toBe(!isRecorded);
    expect(await consumer.ack('m', positions)).toEqual({
      acknowledged: positions.length,
      stale: [],
    });
    expect(await consumer.deadLetters()).toEqual([]);
  });
});

it('a full disk costs no attempts: what there was no room for is handled when there is', async () => {
  const disk = await mountDisk(6 * mebibyte);
  const filler = join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(2 * mebibyte));
  const dataDir = join(disk, 'data');
  const store = await openStore({ dataDir, segmentBytesMax: mebibyte });
  const options = { maxAttempts: 1, filter: { entityId: 'order' } };
  await store.consumers.create({ name: 'c', ...options });
  await store.append(newEvent('order', 1));
  await fillUp(store);
  const attempts: number[] = [];
  const worker = await store.consumer(
    'c',
    (_event, { attempt, append }) => {
      attempts.push(attempt);
      append({ eventType: 'bill', entityId: 'b', payload: 'x'.repeat(1000) });
    },
    options,
  );
  await poll(() => attempts.length).toBeGreaterThan(1);
  const consumer = await store.consumers.get('c');
  expect(await consumer.info()).toMatchObject({ deadLetters: 0, failure: null });
  await rm(filler);
  await poll(async () => (await collect(store.read({ eventType: 'bill' }))).length).toBe(1);
  expect(new Set(attempts)).toEqual(new Set([1]));
  expect(await consumer.deadLetters()).toEqual([]);
  await worker.stop();
});
