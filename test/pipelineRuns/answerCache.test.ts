import { expect, it } from 'vitest';
import { AnswerCache } from '../../src/pipelineRuns/lookups/answerCache.js';

const now = () => performance.now();

it('forgets what was used longest ago when there are too many answers', () => {
  const cache = new AnswerCache();
  for (let at = 0; at < 10_000; at += 1) cache.set(`k${at}`, { text: '{}', askedAtMs: now() });
  expect(cache.get('k0', Infinity)).toMatchObject({ text: '{}' });
  cache.set('one more', { text: undefined, askedAtMs: now() });
  expect(cache.get('k1', Infinity)).toBeUndefined();
  expect(cache.get('k0', Infinity)).toMatchObject({ text: '{}' });
  expect(cache.get('one more', Infinity)).toMatchObject({ text: undefined });
});

it('forgets when there are too many bytes, also of one key that is set again', () => {
  const cache = new AnswerCache();
  const text = 'x'.repeat(1024 * 1024);
  for (let at = 0; at < 40; at += 1) cache.set('same', { text, askedAtMs: now() });
  for (let at = 0; at < 14; at += 1) cache.set(`k${at}`, { text, askedAtMs: now() });
  expect(cache.get('same', Infinity)).toBeDefined();
  for (let at = 14; at < 17; at += 1) cache.set(`k${at}`, { text, askedAtMs: now() });
  expect(cache.get('k0', Infinity)).toBeUndefined();
  expect(cache.get('k16', Infinity)).toBeDefined();
});

it('gives no answer that is older than is asked for', () => {
  const cache = new AnswerCache();
  cache.set('k', { text: '{}', askedAtMs: now() - 1000 });
  expect(cache.get('k', 999)).toBeUndefined();
  expect(cache.get('k', 60_000)).toBeDefined();
});
