import { describe, expect, it } from 'vitest';
import { appendCases, batchCases, otherCases, queryCases } from './cases.js';
import {
  type Answer,
  type HttpCase,
  bodyOf,
  call,
  startExpress,
  startListening,
} from './support.js';

const everyCase = [...appendCases, ...batchCases, ...queryCases, ...otherCases];

describe.each([
  ['listen', startListening],
  ['createApp', startExpress],
])('%s', (_name, start) => {
  it('answers every case as the contract says', async () => {
    const target = await start();
    for (const sent of everyCase) checkAnswer(sent, await call(target, sent));
  });
});

describe('listen and createApp', () => {
  it('answer every case with the same status, headers and body', async () => {
    const listening = await startListening();
    const express = await startExpress();
    for (const sent of everyCase) {
      const [one, other] = [await call(listening, sent), await call(express, sent)];
      expect(comparable(one), sent.name).toEqual(comparable(other));
    }
  });
});

function checkAnswer({ name, status, code, check }: HttpCase, answer: Answer): void {
  expect(answer.status, `${name}: ${answer.text.slice(0, 300)}`).toBe(status);
  expect(answer.headers['x-request-id'], name).toMatch(/^[\x21-\x7e]{1,128}$/);
  expect(answer.headers, name).toMatchObject({
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  expect(answer.headers, name).not.toHaveProperty('x-powered-by');
  if (code !== undefined) {
    const body = bodyOf(answer);
    expect(answer.headers['content-type'], name).toBe('application/json');
    expect(body, name).toMatchObject({ code, request_id: answer.headers['x-request-id'] });
    expect(body['error'], name).toBeTypeOf('string');
    expect(answer.text.length, name).toBeLessThan(2_000);
  }
  check?.(answer);
}

/** An answer without what differs from one request to the next. */
function comparable({ status, rawHeaders, text }: Answer): unknown {
  const steady = (value: string): string =>
    value
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
      .replace(/[0-9a-f]{64}/g, '<hash>')
      .replace(/"leaf":"[A-Za-z0-9+/=]+"/, '"leaf":"<bytes>"')
      .replace(/"timestamp":[\d.]+/g, '"timestamp":<number>')
      .replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z/g, '<time>');
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (name !== 'date') headers.push(`${name}: ${steady(rawHeaders[i + 1] ?? '')}`);
  }
  return { status, headers, text: steady(text) };
}
