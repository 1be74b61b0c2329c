import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  collect,
  expectIntact,
  expectOrdered,
  makeDirectory,
  openStore,
  uuid,
} from '../support/store.js';
import type { EmbeddedStore } from '../../src/index.js';
import { faultEnvironment } from './faultLibrary.js';

const run = promisify(execFile);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface Report {
  readonly before: (number | string)[];
  readonly during: (number | string)[];
  readonly after: string[];
  readonly read: number[];
  readonly pageCount: number;
  readonly stateVersion: number;
  readonly watermark: number;
  readonly readOnly: boolean;
  readonly closed: string;
  readonly subscribed: number[];
}

interface Fault {
  readonly call: 'fdatasync' | 'pwritev';
  readonly nth: number;
  readonly forEver?: boolean;
  readonly half?: boolean;
}

async function runVictim(dataDir: string, durability: string, fault: Fault): Promise<Report> {
  const trigger = join(await makeDirectory(), 'armed');
  const env = {
    PATH: process.env['PATH'] ?? '',
    ...faultEnvironment({
      calls: fault.call,
      nth: fault.nth,
      forEver: fault.forEver ?? false,
      error: fault.half ? 'TORN' : 'EIO',
      suffix: '.seg',
      trigger,
    }),
  };
  const args = [here('victim.mjs'), dataDir, durability];
  const { stdout } = await run(process.execPath, args, { env, timeout: 20_000 });
  return JSON.parse(stdout) as Report;
}

const numberOf = (payload: unknown): number => (payload as { number: number }).number;
const newEvent = (number: number) => ({
  eventType: 'fault.test',
  entityId: `e${number % 3}`,
  eventId: uuid(0).slice(0, 24) + String(number).padStart(12, '0'),
  payload: { number },
});

/** Appends everything again under its id, and finds each event there exactly once. */
async function retryAll(store: EmbeddedStore): Promise<void> {
  for (const number of [5, 6, 7, 8]) await store.append(newEvent(number));
  await store.appendBatch([9, 10, 11].map(newEvent));
  const events = await collect(store.read());
  expect(events.map(({ payload }) => numberOf(payload)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 12 }, (_, i) => i),
  );
  expectOrdered(events);
  await expectIntact(store);
}

const faults: [string, Fault][] = [
  ['the sync', { call: 'fdatasync', nth: 1 }],
  ['the sync, and all that follow', { call: 'fdatasync', nth: 1, forEver: true }],
  ['the write', { call: 'pwritev', nth: 1 }],
  ['the write, of which half is done', { call: 'pwritev', nth: 1, half: true }],
  ['the write, and all that follow', { call: 'pwritev', nth: 1, forEver: true }],
];

describe.each(faults)('EIO at %s', (_, fault) => {
  it('leaves appends in flight unknown, refuses later ones, and reads go on', async () => {
    const dataDir = await makeDirectory();
    const report = await runVictim(dataDir, 'sync', fault);
    expect(report).toMatchObject({
      before: [1, 2, 3, 4, 5],
      after: ['storage_unavailable', 'storage_unavailable'],
      watermark: 5,
      read: [0, 1, 2, 3, 4],
      subscribed: [1, 2, 3, 4, 5],
      pageCount: 5,
      stateVersion: 2,
      readOnly: true,
    });
    expect(report.during).toHaveLength(5);
    const allowed = new Set(['append_outcome_unknown', 'storage_unavailable']);
    expect(report.during.filter((outcome) => !allowed.has(String(outcome)))).toEqual([]);
    expect(report.during[0]).toBe('append_outcome_unknown');
  });

  it('is recovered by opening again; retries under the same ids are exact', async () => {
    const dataDir = await makeDirectory();
    const report = await runVictim(dataDir, 'sync', fault);
    const store = await openStore({ dataDir });
    expect(store).toMatchObject({ damage: null, readOnly: false });
    const events = await collect(store.read());
    expect(events.slice(0, 5).map(({ payload }) => numberOf(payload))).toEqual(report.read);
    expect([5, 6, 7, 8, 9, 12]).toContain(events.length);
    await retryAll(store);
  });
});

describe('EIO in async mode', () => {
  it('loses nothing that is not told, and retries are exact', async () => {
    for (const fault of faults.map(([, fault]) => fault)) {
      const dataDir = await makeDirectory();
      const report = await runVictim(dataDir, 'async', fault);
      expect(report.after).toEqual(['storage_unavailable', 'storage_unavailable']);
      expect(report.read.length).toBe(report.watermark);
      const store = await openStore({ dataDir });
      expect(store.damage).toBeNull();
      await retryAll(store);
      await store.close();
    }
  });
});
