import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEventStore } from '../../src/index.js';

/** A page of docs/format with a hex dump and tables of what stands in it. */
class FormatPage {
  readonly text: string;
  readonly bytes: Buffer;

  constructor(name: string) {
    this.text = readFileSync(new URL(`../../docs/format/${name}`, import.meta.url), 'utf8');
    const dump = /```hex\n([\s\S]*?)```/.exec(this.text)?.[1] ?? '';
    const digits = dump.split('\n').map((line) => line.slice(4).replaceAll(' ', ''));
    this.bytes = Buffer.from(digits.join(''), 'hex');
  }

  /** Rows of the table of fields: `| 0x20 | first position | 1 |`. */
  fields(): { offset: number; name: string; value: number }[] {
    const rows = this.text.matchAll(/^\| (0x[0-9a-f]+) +\| ([^|]+?) +\| (\d+) +\|$/gm);
    return [...rows].map(([, offset, name = '', value]) => ({
      offset: Number(offset),
      name,
      value: Number(value),
    }));
  }

  /** Rows of the table of events. */
  events(): string[][] {
    const rows = this.text.matchAll(
      /^\| (\d+) +\| ([0-9a-f-]{36}) \| (\S+) +\| (\d+) +\| `([^`]+)` +\| `([^`]+)` +\|$/gm,
    );
    return [...rows].map((row) => row.slice(1, 7));
  }
}

const segment = new FormatPage('segment.md');
const storeFile = new FormatPage('store.md');
const firstFile = new FormatPage('first.md');
const isLong = (name: string): boolean =>
  /position|file|time|version/.test(name) && name !== 'format version';

describe('the worked examples of docs/format', () => {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-format-'));

  beforeAll(() => {
    mkdirSync(join(directory, 'log'));
    writeFileSync(join(directory, 'STORE'), storeFile.bytes);
    const length = Number(segment.bytes.readBigUInt64LE(0x28));
    const file = Buffer.concat([segment.bytes, Buffer.alloc(length - segment.bytes.length)]);
    writeFileSync(join(directory, 'log', '00000000000000000001.seg'), file);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each([
    ['segment.md', segment, 15],
    ['store.md', storeFile, 2],
    ['first.md', firstFile, 2],
  ] as const)('state the fields that stand in the bytes of %s', (_name, page, count) => {
    expect(page.fields()).toHaveLength(count);
    for (const { offset, name, value } of page.fields()) {
      const read = isLong(name)
        ? Number(page.bytes.readBigUInt64LE(offset))
        : page.bytes.readUInt32LE(offset);
      expect(read, `${name} at ${offset}`).toBe(value);
    }
  });

  it('have a FIRST that is read: the events in front of it are missed', async () => {
    const path = join(directory, 'FIRST');
    writeFileSync(path, firstFile.bytes);
    const store = await openEventStore({ dataDir: directory, readOnly: true });
    expect(store.damage?.file).toBe(join(directory, 'log', '00000000000000000001.idx'));
    await store.close();
    rmSync(path);
  });

  it('are a store that opens, is whole, and holds the stated events', async () => {
    const store = await openEventStore({ dataDir: directory, readOnly: true });
    const report = await store.verify();
    expect(report).toMatchObject({ ok: true, events: 2 });
    const { events } = await store.readPage();
    const stated = segment.events();
    expect(stated).toHaveLength(2);
    const shown = events.map((event) => [
      String(event.position),
      event.id,
      event.eventType,
      String(event.version),
      JSON.stringify(event.metadata),
      JSON.stringify(event.payload),
    ]);
    expect(shown).toEqual(stated);
    await store.close();
  });
});
