import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NumberTexts } from '../../src/pipelineRuns/outputs/numberTexts.js';
import { RunningResult } from '../../src/pipelines/index.js';

const edges = [0, 1, 0xfff, 0x1000, 0xffffff, 0x1000000, 0xffffffffffff, 999_999, 1_000_000];
const number = fc.oneof(fc.constantFrom(...edges), fc.nat({ max: 2 ** 48 - 1 }));

it('numbers are the text that JavaScript has for them, whichever came before', () => {
  const texts = new NumberTexts();
  fc.assert(
    fc.property(number, (value) => {
      expect(texts.hex(value)).toBe(value.toString(16).padStart(12, '0'));
      expect(texts.micros(value)).toBe(String(value));
      expect(texts.micros(-value - 1)).toBe(String(-value - 1));
    }),
  );
});

it('a running result is written as JSON writes it, and so is any other value', () => {
  const group = { 'a.b': 'x"y', c: null };
  for (const head of [
    { group, function: 'min', field: 'a.b' },
    { group: null, function: 'count', field: null },
  ]) {
    for (const value of [1.5, -0, 1e21, null, 'te"xt', true, [1]]) {
      const headText = RunningResult.headTextOf(head);
      const result = new RunningResult(head, headText, { value, count: 7 });
      expect(RunningResult.textOf(result)).toBe(JSON.stringify({ ...head, value, count: 7 }));
      expect({ ...result }).toEqual({ ...head, value, count: 7 });
      expect(RunningResult.textOf({ ...result, more: 1 })).toBe(
        JSON.stringify({ ...head, value, count: 7, more: 1 }),
      );
    }
  }
});
