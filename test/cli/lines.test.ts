import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ingestLines } from '../../src/cli/ingestLines.js';
import { cutIntoBatches, type LineBatch } from '../../src/cli/lineBatches.js';

async function* chunksOf(text: string, bytes: number): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text);
  for (let start = 0; start < all.length; start += bytes) yield all.subarray(start, start + bytes);
}

async function cut(text: string, options: { chunk: number; linesMax?: number; skip?: number }) {
  const batches: LineBatch[] = [];
  const source = chunksOf(text, options.chunk);
  const { linesMax = 2, skip: skipLines = 0 } = options;
  for await (const batch of cutIntoBatches(source, { linesMax, skipLines })) batches.push(batch);
  return batches.map(({ bytes, ...rest }) => ({ text: Buffer.from(bytes).toString(), ...rest }));
}

describe('cutIntoBatches', () => {
  const text = '{"a":1}\n\n{"b":"ä"}\r\n \t\n{"c":3}';

  it('cuts at line ends wherever the chunks end', async () => {
    const whole = await cut(text, { chunk: 1000 });
    expect(whole).toEqual([
      { text: '{"a":1}\n\n', firstLine: 1, lines: 2, events: 1, inputBytes: 9 },
      { text: '{"b":"ä"}\r\n \t\n', firstLine: 3, lines: 2, events: 1, inputBytes: 24 },
      { text: '{"c":3}', firstLine: 5, lines: 1, events: 1, inputBytes: 31 },
    ]);
    for (let chunk = 1; chunk < 32; chunk += 1) expect(await cut(text, { chunk })).toEqual(whole);
  });

  it('passes over the first lines and goes on counting', async () => {
    for (let chunk = 1; chunk < 32; chunk += 1) {
      expect(await cut(text, { chunk, skip: 3 })).toEqual([
        { text: ' \t\n{"c":3}', firstLine: 4, lines: 2, events: 1, inputBytes: 31 },
      ]);
    }
    expect(await cut(text, { chunk: 5, skip: 99 })).toEqual([]);
  });

  it('refuses a line without an end, naming it', async () => {
    const long = `{"a":1}\n${'x'.repeat(4 * 1024 * 1024 + 1)}`;
    await expect(cut(long, { chunk: 65_536 })).rejects.toMatchObject({
      code: 'payload_too_large',
      details: [{ line: 2 }],
    });
  });

  it('refuses an array, which would be taken for several events, naming its line', async () => {
    await expect(cut('{"a":1}\n [{"b":2}]\n', { chunk: 4 })).rejects.toMatchObject({
      code: 'validation_error',
      message: 'line 2: expected an event, got an array; one event a line',
    });
  });

  it('closes a batch of long lines before it is large', async () => {
    const line = `${'x'.repeat(1024 * 1024)}\n`;
    const batches = await cut(line.repeat(20), { chunk: 65_536, linesMax: 1000 });
    for (const {
      text: { length },
    } of batches)
      expect(length).toBeLessThan(10 * 1024 * 1024);
    expect(batches.map(({ lines }) => lines).reduce((sum, lines) => sum + lines)).toBe(20);
  });
});

describe('ingestLines', () => {
  async function ingestTenLines(append: (line: number) => Promise<void>, inFlight: number) {
    const acknowledged: number[] = [];
    let position = 0;
    const source = chunksOf('1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n', 4);
    const outcome = await ingestLines(cutIntoBatches(source, { linesMax: 1, skipLines: 0 }), {
      inFlight,
      skippedLines: 0,
      append: async (bytes) => {
        await append(Number(Buffer.from(bytes).toString()));
        position += 1;
        return { ingested: 1, first_position: position, last_position: position };
      },
      onAcknowledged: async ({ lines }) => {
        acknowledged.push(lines);
      },
    });
    return { outcome, acknowledged };
  }

  it('acknowledges in the order of the input, whoever answers first', async () => {
    const { outcome, acknowledged } = await ingestTenLines((line) => wait(line % 3), 4);
    expect(acknowledged).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(outcome.failure).toBeUndefined();
  });

  it('never has more under way than allowed', async () => {
    let underWay = 0;
    let most = 0;
    await ingestTenLines(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await wait(2);
      underWay -= 1;
    }, 3);
    expect(most).toBe(3);
  });

  it('sends nothing behind a batch that is refused at once', async () => {
    const sent: number[] = [];
    const { outcome, acknowledged } = await ingestTenLines(async (line) => {
      sent.push(line);
      if (line === 4) throw new Error('refused');
      await wait(1);
    }, 4);
    expect(sent).toEqual([1, 2, 3, 4]);
    expect(acknowledged).toEqual([1, 2, 3]);
    expect(outcome).toMatchObject({ acknowledged: { lines: 3 }, eventsBehindFailure: 0 });
    expect(outcome.failure?.batch?.firstLine).toBe(4);
  });

  it('tells of what was stored behind a batch that is refused late', async () => {
    const { outcome } = await ingestTenLines(async (line) => {
      await wait(line === 2 ? 50 : 1);
      if (line === 2) throw new Error('refused late');
    }, 4);
    expect(outcome.acknowledged.lines).toBe(1);
    expect(outcome.eventsBehindFailure).toBeGreaterThan(0);
  });
});
