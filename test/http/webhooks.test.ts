import { describe, expect, it } from 'vitest';
import { verifyWebhook } from '../../src/index.js';
import { Receiver } from '../webhooks/receiver.js';
import { answerCheck, sendJson } from './documentedAnswers.js';
import {
  type Answer,
  type Target,
  append,
  bodyOf,
  call,
  startExpress,
  startListening,
} from './support.js';

const path = '/api/v1/webhooks';

function post(target: Target, suffix: string, body?: unknown): Promise<Answer> {
  return sendJson(target, { method: 'POST', path: path + suffix, body });
}

const get = (target: Target, suffix: string): Promise<Answer> =>
  call(target, { path: path + suffix });

describe.each([
  ['listen', startListening],
  ['createApp', startExpress],
])('webhooks over HTTP, %s', (_name, start) => {
  it('post events, and tell of it as the document says', async () => {
    const target = await start({ allowPrivateWebhooks: true });
    const check = await answerCheck(target);
    const receiver = await Receiver.listen();
    receiver.answer = () => (receiver.requests.length === 1 ? 500 : 200);
    const wanted = { name: 'w', url: receiver.url(), max_attempts: 1, filter: { tags: ['x'] } };
    const created = await post(target, '', wanted);
    expect(created.status).toBe(201);
    const secret = String(check('CreatedWebhook', created)['secret']);
    await append(target, { tags: ['y'] });
    await append(target, { tags: ['x'] });
    const hook = async () => check('Webhook', await get(target, '/w'));
    await expect.poll(async () => (await hook())['dead_letters']).toBe(1);
    expect((await hook())['secret']).toBeUndefined();
    expect(check('DeadLetters', await get(target, '/w/dead-letters'))).toMatchObject({
      dead_letters: [{ attempts: 1, event: { tags: ['x'] } }],
      total: 1,
      next_position: null,
    });
    check('Replayed', await post(target, '/w/replay', {}));
    await expect.poll(async () => (await hook())['dead_letters']).toBe(0);
    const [, { headers, body } = { headers: {}, body: '' }] = receiver.requests;
    expect(verifyWebhook(secret, { headers, body })).toBe(true);
    expect(JSON.parse(body)).toMatchObject({ tags: ['x'], entity_id: 'order-1' });
    const { deliveries } = check('WebhookDeliveries', await get(target, '/w/deliveries?limit=5'));
    expect(deliveries).toMatchObject([{ status: 200, error: null }, { status: 500 }]);
    expect(check('Webhook', await post(target, '/w/pause'))).toMatchObject({ status: 'paused' });
    expect(check('Webhook', await post(target, '/w/resume'))).toMatchObject({ status: 'active' });
    const sought = check('Webhook', await post(target, '/w/seek', { to: 'beginning' }));
    expect(sought).toMatchObject({ cursor: 0 });
    await expect.poll(() => receiver.requests.length).toBe(3);
    check('WebhookList', await get(target, ''));
    expect((await call(target, { path: `${path}/w`, method: 'DELETE' })).status).toBe(204);
    expect(bodyOf(await get(target, ''))).toEqual({ webhooks: [], total: 0 });
  });
});

describe('webhooks over HTTP', () => {
  it('go to public addresses only, unless configured', async () => {
    const target = await startListening();
    const answer = await post(target, '', { name: 'w', url: 'http://127.0.0.1:1/' });
    expect(bodyOf(answer)).toMatchObject({
      code: 'validation_error',
      error: 'url: expected a public address, got 127.0.0.1',
    });
  });

  it.each([
    ['', { name: 'w' }, 'validation_error'],
    ['', { name: 'w', url: 'x' }, 'validation_error'],
    ['', { name: 'w', url: 'https://example.com', secret: 'x' }, 'validation_error'],
    ['', { name: 'w', url: 'https://example.com', timeout_seconds: 0 }, 'validation_error'],
    ['', { name: 'w', url: 'https://example.com', more: 1 }, 'validation_error'],
    ['', { name: 'w', url: 'https://example.com', start: 'x' }, 'invalid_query'],
    ['', { name: 'known', url: 'https://example.com' }, 'webhook_exists'],
    ['/w/replay', {}, 'webhook_not_found'],
    ['/w/pause', undefined, 'webhook_not_found'],
    ['/w/resume', undefined, 'webhook_not_found'],
    ['/w/seek', { to: 'now' }, 'webhook_not_found'],
    ['/known/seek', { to: 'x' }, 'invalid_query'],
    ['/known/seek', {}, 'validation_error'],
    ['/known/replay', { positions: [9] }, 'dead_letter_not_found'],
  ])('refuse POST %s %j', async (suffix, body, code) => {
    const target = await startListening();
    await post(target, '', { name: 'known', url: 'https://example.com' });
    expect(bodyOf(await post(target, suffix, body))).toMatchObject({ code });
  });

  it.each([
    ['/w/dead-letters', 'webhook_not_found'],
    ['/known/dead-letters?limit=1001', 'invalid_query'],
    ['/known/dead-letters?tenant_id=other', 'webhook_not_found'],
  ])('refuse GET %s', async (suffix, code) => {
    const target = await startListening();
    await post(target, '', { name: 'known', url: 'https://example.com' });
    expect(bodyOf(await get(target, suffix))).toMatchObject({ code });
  });
});
