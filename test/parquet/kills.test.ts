// A process that appends, compacts and applies retention is killed again and again: each event that was
// acknowledged is there once, in the log or in the Parquet files. Long form: PARQUET_KILLS=200.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { CompactionReport, RetentionReport } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { runAndKill } from '../support/killedProcess.js';
import { makeDirectory, openStore } from '../support/store.js';
import { rowsOf } from './support.js';

const kills = Number(process.env['PARQUET_KILLS'] ?? 5);

interface Told {
  readonly ids?: readonly string[];
  readonly compacted?: CompactionReport;
  readonly retained?: RetentionReport;
}

async function toldIn(place: string): Promise<readonly Told[]> {
  const text = await readFile(join(place, 'told.ndjson'), 'utf8').catch(() => '');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Told);
}

const sums = { acknowledged: 0, files: 0, inFilesOnly: 0, compactions: 0, retentions: 0 };

async function check(place: string): Promise<typeof sums> {
  const told = await toldIn(place);
  const store = await openStore({ dataDir: join(place, 'data'), retention: { automatic: false } });
  expect(store.damage).toBe(null);
  expect((await store.verify()).ok).toBe(true);
  expect((await store.parquet.verify()).files.filter(({ damage }) => damage !== null)).toEqual([]);
  const files = await store.parquet.files();
  for (const [i, file] of files.entries()) {
    if (i > 0) expect(file.firstPosition).toBe((files[i - 1]?.lastPosition ?? 0) + 1);
  }
  const rows =
    files.length === 0
      ? []
      : await rowsOf(files.map(({ name }) => join(store.parquet.directory, name)));
  const { firstPosition = 1 } = await store.stats();
  expect(firstPosition).toBeLessThanOrEqual((files.at(-1)?.lastPosition ?? 0) + 1);
  const places = new Map<string, number>();
  for (const row of rows) {
    expect(places.has(row.event_id)).toBe(false);
    places.set(row.event_id, Number(row.position));
  }
  for await (const { id, position } of store.read({ fromPosition: firstPosition })) {
    // The same event may be in a file, too.
    expect(places.get(id) ?? position).toBe(position);
    if (position > (files.at(-1)?.lastPosition ?? 0)) expect(places.has(id)).toBe(false);
    places.set(id, position);
  }
  expect(new Set(places.values()).size).toBe(places.size);
  const ids = told.flatMap((one) => one.ids ?? []);
  expect(ids.filter((id) => !places.has(id))).toEqual([]);
  await store.close();
  return {
    acknowledged: ids.length,
    files: files.length,
    inFilesOnly: rows.filter(({ position }) => Number(position) < firstPosition).length,
    compactions: told.filter(({ compacted }) => compacted !== undefined).length,
    retentions: told.filter(({ retained }) => retained !== undefined).length,
  };
}

it(
  `loses no event, and has none twice, over ${kills} kills in compactions and retention`,
  async () => {
    const seed = seedOf(process.env['KILL_SEED']);
    const random = makeRandom(seed);
    let place = await makeDirectory();
    for (let round = 1; round <= kills; round += 1) {
      await runAndKill(import.meta.url, { dataDir: place, random, msMax: 8000 });
      try {
        const tally = await check(place);
        if (round % 10 > 0 && round < kills) continue;
        for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += tally[name];
      } catch (error) {
        throw new Error(`kill ${round}; to repeat it: KILL_SEED=${seed}`, { cause: error });
      }
      place = await makeDirectory();
    }
    console.log(`KILL_SEED=${seed}: ${kills} kills, ${JSON.stringify(sums)}`);
    expect(sums.files).toBeGreaterThan(0);
    // A machine with other work may come to no drop in a few kills.
    if (kills >= 100) expect(sums.inFilesOnly).toBeGreaterThan(0);
  },
  60_000 + kills * 20_000,
);
