import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { makeDirectory, newEvent, openStore } from '../support/store.js';

/** CRC-32C, bit by bit (RFC 3720, appendix B.4). */
function crc32c(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

/** An index file, read as docs/format/index.md says. */
class IndexFile {
  constructor(readonly bytes: Buffer) {}

  number = (offset: number): number => Number(this.bytes.readBigUInt64LE(offset));

  section(number: number): Buffer {
    const place = 80 + number * 16;
    const offset = this.number(place);
    return this.bytes.subarray(offset, offset + this.number(place + 8));
  }

  /** Ordinals of a term entry. */
  ordinals(entry: Buffer): number[] {
    const count = entry.readUInt32LE(12);
    if (count === 1) return [entry.readUInt32LE(24)];
    const place = Number(entry.readBigUInt64LE(24));
    const list = this.section(10).subarray(place);
    const blocks = Math.ceil(count / 128);
    const ordinals: number[] = [];
    for (let block = 0; block < blocks; block++) {
      let ordinal = list.readUInt32LE(block * 8);
      const at = blocks * 8 + list.readUInt32LE(block * 8 + 4);
      const width = list.readUInt8(at);
      ordinals.push(ordinal);
      for (let gap = 0; gap < Math.min(128, count - block * 128) - 1; gap++) {
        let value = 0;
        for (let bit = 0; bit < width; bit++) {
          const place = gap * width + bit;
          value |= ((list.readUInt8(at + 1 + (place >> 3)) >> (place & 7)) & 1) << bit;
        }
        ordinal += value + 1;
        ordinals.push(ordinal);
      }
    }
    return ordinals;
  }

  /** Where the records of a term entry's events lie, where it has no more than one block of them. */
  offsets(entry: Buffer): number[] {
    const count = entry.readUInt32LE(12);
    if (count === 1) return [entry.readUInt32LE(28)];
    const list = this.section(10).subarray(Number(entry.readBigUInt64LE(24)));
    return Array.from({ length: count }, (_, i) => list.readUInt32LE(8 + i * 4));
  }
}

function elementsOf(section: Buffer, bytes: number): Buffer[] {
  expect(section.length % bytes).toBe(0);
  return Array.from({ length: section.length / bytes }, (_, i) =>
    section.subarray(i * bytes, (i + 1) * bytes),
  );
}

function expectRising(entries: Buffer[]): void {
  const hashes = entries.map((entry) => entry.readBigUInt64LE(0));
  expect(hashes.every((hash, i) => i === 0 || hash >= (hashes[i - 1] ?? hash))).toBe(true);
}

describe('an index file, read as its page says', () => {
  it('has the events of its segment', async () => {
    const dataDir = await makeDirectory();
    const store = await openStore({ dataDir, segmentBytesMax: 64 * 1024 });
    const appends = Array.from({ length: 600 }, (_, i) =>
      store.append(newEvent(`e${i % 7}`, { i, filler: 'x'.repeat(100) })),
    );
    const ids = (await Promise.all(appends)).map(({ eventId }) => eventId);
    await vi.waitFor(() => expect(store.counters().indexedSegments).toBeGreaterThan(0));
    await store.close();
    const names = await readdir(join(dataDir, 'log'));
    const name = names.find((found) => found.endsWith('.idx')) ?? '';
    const file = new IndexFile(await readFile(join(dataDir, 'log', name)));
    const segment = await readFile(join(dataDir, 'log', name.replace('.idx', '.seg')));

    expect(file.bytes.toString('latin1', 0, 8)).toBe('ALLSRIDX');
    expect(file.bytes.readUInt32LE(8)).toBe(1);
    expect(file.bytes.readUInt32LE(12)).toBe(crc32c(file.bytes.subarray(16, 320)));
    expect(file.bytes.subarray(16, 32)).toEqual(segment.subarray(16, 32));
    expect(file.bytes.readUInt32LE(64)).toBe(crc32c(file.section(13)));
    const first = file.number(32);
    const count = file.number(40);
    expect(first).toBe(Number(name.slice(0, 20)));
    elementsOf(file.section(13), 4).forEach((sum, i) => {
      const used = file.bytes.subarray(i * 4096, (i + 1) * 4096);
      // The header's, and those of bytes that no section uses.
      if (sum.readUInt32LE(0) !== 0) expect(sum.readUInt32LE(0)).toBe(crc32c(used));
    });
    const covered = elementsOf(file.section(0), 32)[0] ?? Buffer.alloc(32);
    expect(Number(covered.readBigUInt64LE(8))).toBe(segment.length);
    expect(covered.readUInt32LE(24)).toBe(segment.readUInt32LE(56));
    expect(file.section(1).readUInt32LE(4)).toBe(crc32c(segment.subarray(4096, 8192)));

    const offsets = elementsOf(file.section(2), 4).map((offset) => offset.readUInt32LE(0));
    expect(offsets).toHaveLength(count);
    const idEntries = elementsOf(file.section(6), 16);
    expect(idEntries).toHaveLength(count);
    expectRising(idEntries);
    expect(idEntries.map((entry) => entry.readUInt32LE(12)).sort((a, b) => a - b)).toEqual(
      offsets.map((_, ordinal) => ordinal),
    );
    const inSegment = offsets.slice(0, 100);
    expect(inSegment.map((at) => segment.toString('hex', at + 48, at + 64))).toEqual(
      ids.slice(first - 1, first - 1 + 100).map((id) => id.replaceAll('-', '')),
    );

    const terms = elementsOf(file.section(9), 32);
    expectRising(terms);
    const lists = terms.map((entry) => file.ordinals(entry));
    // One tenant, one type and seven entities have these events between them.
    const all = offsets.map((_, ordinal) => ordinal);
    expect(lists.filter((list) => list.length === count)).toEqual([all, all]);
    for (let entity = 0; entity < 7; entity++) {
      const expected = all.filter((ordinal) => (first + ordinal - 1) % 7 === entity);
      expect(lists).toContainEqual(expected);
      const entry = terms.find((_, i) => lists[i]?.join() === expected.join()) ?? Buffer.alloc(32);
      expect(expected.length).toBeLessThanOrEqual(128);
      expect(file.offsets(entry)).toEqual(expected.map((ordinal) => offsets[ordinal]));
    }
  });
});
