import { describe, expect, it } from 'vitest';
import { repairStore } from '../../src/index.js';
import { frameHeaderBytes, segmentHeaderBytes } from '../support/segment.js';
import { Bench, makeSample, openAndUse } from './support.js';
import type { Sample } from './support.js';
import { errorOf } from '../support/store.js';

/** Events of the frames that a cut leaves whole; the zeros at a frame's end may be missing. */
function wholeBefore({ frames, events, segment }: Sample, cut: number): number {
  const whole = frames.filter(({ offset, bytes }) =>
    segment.subarray(Math.max(cut, offset), offset + bytes).every((byte) => byte === 0),
  );
  const count = whole.reduce((sum, frame) => sum + frame.events, 0);
  return Math.min(count, events.length);
}

/** Every byte of the last frames that hold events. */
function lastFrames({ frames }: Sample, count: number): { begin: number; end: number } {
  const filled = frames.filter(({ events }) => events > 0).slice(-count);
  const last = filled.at(-1);
  return { begin: filled[0]?.offset ?? 0, end: (last?.offset ?? 0) + (last?.bytes ?? 0) };
}

const flipped = (bytes: Buffer, at: number, mask: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
};

describe('the last segment', () => {
  it('cut to zeros at any byte of its last three frames is recovered up to the cut', async () => {
    const sample = await makeSample('crashed');
    const bench = await Bench.make();
    const { begin, end } = lastFrames(sample, 3);
    expect(end - begin).toBeGreaterThan(500);
    for (let cut = begin; cut <= end; cut++) {
      const segment = Buffer.from(sample.segment).fill(0, cut);
      const { damage, events } = await openAndUse(await bench.write({ ...sample, segment }));
      const kept = wholeBefore(sample, cut);
      expect({ cut, damage, events }).toEqual({
        cut,
        damage: null,
        events: sample.events.slice(0, kept),
      });
    }
  }, 60_000);

  it('shortened at any byte of its last three frames is reported, never wrong', async () => {
    const sample = await makeSample('crashed');
    const bench = await Bench.make();
    const { begin, end } = lastFrames(sample, 3);
    for (let cut = begin; cut <= end; cut++) {
      const segment = sample.segment.subarray(0, cut);
      const dataDir = await bench.write({ ...sample, segment });
      const { damage, events } = await openAndUse(dataDir);
      const kept = sample.frames.filter(({ offset, bytes }) => offset + bytes <= cut);
      const offset = (kept.at(-1)?.offset ?? 0) + (kept.at(-1)?.bytes ?? 0);
      expect(damage).toMatchObject({ offset });
      expect(damage?.file).toContain(sample.segmentName);
      expect(events).toEqual(
        sample.events.slice(
          0,
          kept.reduce((sum, frame) => sum + frame.events, 0),
        ),
      );
      if (cut % 10 !== 0) continue;
      await repairStore(dataDir);
      expect(await openAndUse(dataDir)).toEqual({ damage: null, events });
    }
  }, 60_000);

  it('with garbage behind its end is recovered, and the garbage is gone', async () => {
    const sample = await makeSample('crashed');
    const bench = await Bench.make();
    const { end } = lastFrames(sample, 1);
    for (const garbage of [1, 7, 8, 39, 40, 41, 4096, 20_000]) {
      const segment = Buffer.from(sample.segment).fill(0xa5, end, end + garbage);
      const { damage, events } = await openAndUse(await bench.write({ ...sample, segment }));
      expect({ damage, events }).toEqual({ damage: null, events: sample.events });
    }
  });

  it('with frames of before behind a lost one is never joined up wrongly', async () => {
    const sample = await makeSample('crashed');
    const bench = await Bench.make();
    for (const frame of sample.frames) {
      const segment = Buffer.from(sample.segment).fill(0, frame.offset, frame.offset + frame.bytes);
      const { damage, events } = await openAndUse(await bench.write({ ...sample, segment }));
      const kept = sample.events.slice(0, wholeBefore(sample, frame.offset));
      expect(events).toEqual(kept);
      // The frames behind it tell that it was durable; behind the last one there is none.
      if (frame === sample.frames.at(-1)) expect(damage).toBeNull();
      else expect(damage).toMatchObject({ offset: frame.offset });
    }
  });

  it('with a frame twice or out of order shows no event twice', async () => {
    const sample = await makeSample('crashed');
    const bench = await Bench.make();
    const { frames, segment: original } = sample;
    const [a, b] = [frames[2], frames[3]];
    const last = frames.at(-1);
    if (!a || !b || !last) throw new Error('the sample is too small');
    const bytesOf = ({ offset, bytes }: typeof a): Buffer =>
      original.subarray(offset, offset + bytes);
    const doubled = Buffer.from(original);
    bytesOf(last).copy(doubled, last.offset + last.bytes);
    const swapped = Buffer.from(original);
    Buffer.concat([bytesOf(b), bytesOf(a)]).copy(swapped, a.offset);
    const cases = [
      { segment: doubled, kept: sample.events.length },
      { segment: swapped, kept: 2 },
    ];
    for (const { segment, kept } of cases) {
      const { damage, events } = await openAndUse(await bench.write({ ...sample, segment }));
      expect(events).toEqual(sample.events.slice(0, kept));
      expect(damage).not.toBeNull();
    }
  });
});

describe.each([0x01, 0x80, 0xff])('flipped bits %i', (mask) => {
  it('of a frame in the middle are damage at its offset', async () => {
    const sample = await makeSample('crashed');
    const bench = await Bench.make();
    const frame = sample.frames[4];
    if (!frame) throw new Error('the sample is too small');
    for (let at = frame.offset; at < frame.offset + frame.bytes; at++) {
      const segment = flipped(sample.segment, at, mask);
      const { damage, events } = await openAndUse(await bench.write({ ...sample, segment }));
      expect(events).toEqual(sample.events.slice(0, 4));
      expect(damage, `byte ${at - frame.offset}`).toMatchObject({ offset: frame.offset });
    }
  }, 60_000);

  it('of the last frame are a torn tail after a crash, damage after a clean close', async () => {
    for (const end of ['crashed', 'closed'] as const) {
      const sample = await makeSample(end);
      const bench = await Bench.make();
      const frame = sample.frames.filter(({ events }) => events > 0).at(-1);
      if (!frame) throw new Error('the sample is empty');
      for (let at = frame.offset; at < frame.offset + frame.bytes; at++) {
        const segment = flipped(sample.segment, at, mask);
        const { damage, events } = await openAndUse(await bench.write({ ...sample, segment }));
        expect(events).toEqual(sample.events.slice(0, -1));
        if (end === 'crashed') expect(damage).toBeNull();
        else expect(damage, `byte ${at - frame.offset}`).toMatchObject({ offset: frame.offset });
      }
    }
  }, 60_000);

  it('of the mark of a clean close lose nothing', async () => {
    const sample = await makeSample('closed');
    const bench = await Bench.make();
    const mark = sample.frames.at(-1);
    expect(mark).toMatchObject({ events: 0, bytes: frameHeaderBytes });
    for (let at = mark?.offset ?? 0; at < (mark?.offset ?? 0) + frameHeaderBytes; at++) {
      const segment = flipped(sample.segment, at, mask);
      const { damage, events } = await openAndUse(await bench.write({ ...sample, segment }));
      expect({ damage, events }).toEqual({ damage: null, events: sample.events });
    }
  });

  it('of the segment’s header are reported', async () => {
    const sample = await makeSample('crashed');
    const bench = await Bench.make();
    for (let at = 0; at < segmentHeaderBytes; at++) {
      const segment = flipped(sample.segment, at, mask);
      const { damage, events } = await openAndUse(await bench.write({ ...sample, segment }));
      expect(events).toEqual([]);
      expect(damage, `byte ${at}`).toMatchObject({ offset: 0 });
    }
  });

  it('of the file STORE are reported and nothing is opened', async () => {
    const sample = await makeSample('crashed');
    const bench = await Bench.make();
    for (let at = 0; at < sample.storeFile.length; at++) {
      const storeFile = flipped(sample.storeFile, at, mask);
      const dataDir = await bench.write({ ...sample, storeFile });
      const error = await errorOf(() => openAndUse(dataDir));
      expect(error.code, `byte ${at}`).toBe('storage_damaged');
      expect(error.message).toContain('STORE');
    }
  });
});

it('a cut or missing file STORE is never replaced by a new one over a log', async () => {
  const sample = await makeSample('crashed');
  const bench = await Bench.make();
  for (const bytes of [0, 1, 63]) {
    const storeFile = sample.storeFile.subarray(0, bytes);
    const dataDir = await bench.write({ ...sample, storeFile });
    expect((await errorOf(() => openAndUse(dataDir))).code).toBe('storage_damaged');
  }
});
