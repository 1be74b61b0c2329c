import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openEventStore } from '../../src/index.js';
import { makeDirectory, makeLines, makeStore, parseLines, run, serve } from './commandLine.js';

/** Flips one byte of the only segment, in the middle of what was written. */
async function damage(dataDir: string): Promise<void> {
  const log = join(dataDir, 'log');
  const [segment = ''] = (await readdir(log)).filter((name) => name.endsWith('.seg')).sort();
  const path = join(log, segment);
  const file = await open(path, 'r+');
  try {
    const { size: bytes } = await stat(path);
    const content = Buffer.alloc(bytes);
    await file.read(content, 0, bytes, 0);
    const at = content.indexOf('"index":1500');
    if (at === -1) throw new Error('expected the event in the first segment');
    await file.write(Buffer.from('X'), 0, 1, at);
  } finally {
    await file.close();
  }
}

/** A store of several segments with index files; resolves with its directory. */
async function makeIndexedStore(): Promise<string> {
  const dataDir = await makeDirectory();
  const store = await openEventStore({ dataDir, segmentBytesMax: 64 * 1024 });
  const event = { eventType: 'a.b', entityId: 'e', payload: 'x'.repeat(5000) };
  for (let i = 0; i < 60; i++) await store.append(event);
  const hasIndexFile = async (): Promise<void> =>
    expect(await readdir(join(dataDir, 'log'))).toContain('00000000000000000001.idx');
  await vi.waitFor(hasIndexFile, { timeout: 10_000 });
  await store.close();
  return dataDir;
}

describe('verify', () => {
  it('prints every file and ends with 0 where there is no damage', async () => {
    const dataDir = await makeStore(100);
    const human = await run(['verify', '--data-dir', dataDir]);
    expect(human.code).toBe(0);
    expect(human.stdout).toMatch(/\.seg +segment +[\d,]+ +100 +ok$/m);
    expect(human.stdout).toContain('no damage in 100 events');
    const json = await run(['verify', '--json', '--data-dir', dataDir]);
    expect(parseLines(json.stdout)[0]).toMatchObject({ ok: true, events: 100, repair: null });
  });

  it('--since reads only the files with events from there on', async () => {
    const dataDir = await makeIndexedStore();
    const args = ['verify', '--json', '--data-dir', dataDir];
    const [all] = parseLines((await run(args)).stdout);
    expect(all).toMatchObject({ ok: true, events: 60 });
    const [some] = parseLines((await run([...args, '--since', '60'])).stdout);
    expect(some).toMatchObject({ ok: true, files: [{ kind: 'segment', ok: true }] });
    const { code, stderr } = await run([...args, '--since', '61']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/since_position: expected a whole number from 1 to 60, got 61/);
    expect((await run([...args, '--since', '0'])).code).toBe(2);
  });

  it('notes a damaged index file and ends with 0: the log is not damaged', async () => {
    const dataDir = await makeIndexedStore();
    const log = join(dataDir, 'log');
    const name = (await readdir(log)).find((each) => each.endsWith('.idx')) ?? '';
    const file = await open(join(log, name), 'r+');
    await file.write(Buffer.from('damage'), 0, 6, 4096);
    await file.close();
    const { code, stdout, stderr } = await run(['verify', '--data-dir', dataDir]);
    expect(stdout).toMatch(
      /\.idx +index .* byte 4096: a block of the index file is not as written/,
    );
    expect(stdout).toContain('no damage in 60 events');
    expect(stderr).toMatch(new RegExp(`but index files are: .*${name}; .* once it meets`));
    expect(code).toBe(0);
    const json = await run(['verify', '--json', '--data-dir', dataDir]);
    expect(parseLines(json.stdout)[0]).toMatchObject({ ok: true });
    expect(json.stdout).toContain('"kind":"index"');
    expect(json.stdout).toContain('"ok":false');
  });

  it('takes the data directory of the settings where none is named', async () => {
    const env = { ALLSOURCE_DATA_DIR: await makeStore(3) };
    const { code, stdout } = await run(['verify', '--json'], { env });
    expect(code).toBe(0);
    expect(parseLines(stdout)[0]).toMatchObject({ events: 3 });
  });

  it('works beside a running server', async () => {
    const dataDir = await makeStore(20);
    await serve(['--data-dir', dataDir]);
    expect((await run(['verify', '--data-dir', dataDir])).code).toBe(0);
  });

  it('names the damage and ends with 1', async () => {
    const dataDir = await makeStore(3000);
    await damage(dataDir);
    const { code, stdout, stderr } = await run(['verify', '--json', '--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(parseLines(stdout)[0]).toMatchObject({ ok: false });
    expect(stderr).toMatch(/^allsource: .*damage in .*\.seg at byte \d+: .*--repair truncate/);
  });

  it('--repair truncate cuts the log there and moves what was cut away', async () => {
    const dataDir = await makeStore(3000);
    await damage(dataDir);
    const args = ['verify', '--json', '--repair', 'truncate', '--data-dir', dataDir];
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    const [report] = parseLines(stdout);
    expect(report).toMatchObject({ ok: true, events: 1000, repair: { last_position: 1000 } });
    const entries = await readdir(dataDir);
    expect(entries.filter((name) => name.startsWith('damaged-'))).toHaveLength(1);
    const again = await run(['ingest', '-', '--data-dir', dataDir], { input: makeLines(1).join() });
    expect(again.code).toBe(0);
  });

  it('--repair truncate leaves a good log alone', async () => {
    const dataDir = await makeStore(10);
    const args = ['verify', '--json', '--repair', 'truncate', '--data-dir', dataDir];
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    expect(parseLines(stdout)[0]).toMatchObject({ events: 10, repair: null });
  });

  it('serve goes on read-only over a damaged log, and says so', async () => {
    const dataDir = await makeStore(3000);
    await damage(dataDir);
    const { url, stderr } = await serve(['--data-dir', dataDir]);
    // It is told behind the address, which may come in a piece of its own.
    await vi.waitFor(() => expect(stderr.join('')).toMatch(/damaged.*allsource verify/s));
    const { code, stderr: refusal } = await run(['ingest', '-', '--url', url], {
      input: makeLines(1).join('\n'),
    });
    expect(code).toBe(1);
    expect(refusal).toContain('--skip-lines 0');
  });

  it('ends with 1 for a directory that is no store', async () => {
    const { code, stderr } = await run(['verify', '--data-dir', '/nowhere/at/all']);
    expect(code).toBe(1);
    expect(stderr).toContain('expected the data directory of a store');
  });
});
