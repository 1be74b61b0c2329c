import { describe, expect, it } from 'vitest';
import { answerCheck } from '../http/documentedAnswers.js';
import { bodyOf } from '../http/support.js';
import { adminPassword, callAs, keyOf, login, startSecured } from './support.js';
import type { SecuredTarget } from './support.js';

async function tokenOf(target: SecuredTarget, who = {}): Promise<string> {
  const answer = await login(target, who);
  expect(answer.status, answer.text).toBe(200);
  return String(bodyOf(answer)['token']);
}

function me(target: SecuredTarget, credential: string) {
  return callAs(target, { path: '/api/v1/auth/me', credential });
}

const ada = { username: 'ada', password: 'twelve characters' };

function register(target: SecuredTarget, credential: string, more: object = {}) {
  const path = '/api/v1/auth/register';
  return callAs(target, { path, credential, body: { ...ada, ...more } });
}

describe('logging in', () => {
  it('gives a token that says who one is', async () => {
    const target = await startSecured();
    const check = await answerCheck(target);
    const answer = await login(target);
    expect(check('LoggedIn', answer)).toMatchObject({
      user: { username: 'admin', email: null, role: 'admin', tenant_id: 'default' },
    });
    const caller = await me(target, String(bodyOf(answer)['token']));
    expect(check('Caller', caller)).toMatchObject({
      type: 'user',
      username: 'admin',
      role: 'admin',
      tenant_id: 'default',
      permissions: expect.arrayContaining(['admin', 'tenants']) as unknown,
    });
  });

  it('takes the token bare, with a scheme of any case, and an API key in its own header', async () => {
    const target = await startSecured();
    const token = await tokenOf(target);
    const key = await keyOf(target, { tenantId: 'acme', role: 'readonly' });
    for (const headers of [
      { authorization: token },
      { authorization: `bearer ${token}` },
      { authorization: `BEARER   ${token} ` },
      { 'x-api-key': key },
      { authorization: key },
    ]) {
      const answer = await callAs(target, { path: '/api/v1/auth/me', headers });
      expect(answer.status, JSON.stringify(headers)).toBe(200);
    }
  });

  it('says the same of a wrong name and a wrong password', async () => {
    const target = await startSecured();
    const wrong = await login(target, { password: 'not the password' });
    const unknown = await login(target, { username: 'nobody' });
    for (const answer of [wrong, unknown]) {
      expect(answer.status).toBe(401);
      expect(bodyOf(answer)).toMatchObject({
        code: 'unauthenticated',
        error: 'the username or the password is wrong',
      });
      expect(answer.text).not.toContain('not the password');
    }
  });

  it('makes who guesses wait, longer each time, and not who knows', async () => {
    const target = await startSecured();
    const codes: unknown[] = [];
    for (let i = 0; i < 8; i++)
      codes.push((await login(target, { password: `guess ${i}` })).status);
    expect(codes).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const late = await login(target);
    expect(late.status).toBe(429);
    expect(Number(late.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(bodyOf(late)['code']).toBe('rate_limited');
  });

  it('lets no more guesses through where they come at once', async () => {
    const target = await startSecured();
    const guesses = Array.from({ length: 40 }, (_, i) => login(target, { password: `guess ${i}` }));
    const answers = await Promise.all(guesses);
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(5);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(35);
  });
});

describe('many at one address', () => {
  it('who know their passwords log in at once, and one who guesses hinders no other', async () => {
    const target = await startSecured();
    await target.store.users.create({ username: 'ada', password: 'twelve characters' });
    for (let i = 0; i < 7; i++) await login(target, { password: `guess ${i}` });
    expect((await login(target)).status).toBe(429);
    const others = Array.from({ length: 4 }, () => login(target, ada));
    for (const { status } of await Promise.all(others)) expect(status).toBe(200);
  });
});

describe('a user', () => {
  it('is made by an administrator, of the own tenant where no other is named', async () => {
    const target = await startSecured();
    const check = await answerCheck(target);
    const admin = await keyOf(target, { tenantId: 'acme', role: 'admin' });
    const made = await register(target, admin, { email: 'ada@example.com', role: 'operator' });
    expect(made.status, made.text).toBe(201);
    expect(check('RegisteredUser', made)).toMatchObject({
      username: 'ada',
      email: 'ada@example.com',
      role: 'developer',
      tenant_id: 'acme',
    });
    const again = await register(target, admin, { username: 'ADA' });
    expect([again.status, bodyOf(again)['code']]).toEqual([409, 'user_exists']);
    const list = await callAs(target, { path: '/api/v1/auth/users', credential: admin });
    expect(check('UserList', list)).toMatchObject({ total: 1, users: [{ username: 'ada' }] });
    expect(list.text).not.toMatch(/argon2|hash|password/i);
  });

  it.each([
    [{ password: 'short' }, 'password: expected at least 12 characters, got 5'],
    [{ password: 'x'.repeat(1_025) }, 'password: expected at most 1024 bytes'],
    [{ username: 'a b' }, 'username'],
    [{ role: 'king' }, 'role'],
    [{ email: 'nowhere' }, 'email: expected an address'],
    [{ admin: true }, 'admin'],
  ])('is not made of %j', async (more, reason) => {
    const target = await startSecured();
    const credential = await keyOf(target, { tenantId: 'default', role: 'admin' });
    const answer = await register(target, credential, more);
    expect([answer.status, bodyOf(answer)['code']]).toEqual([400, 'validation_error']);
    expect(bodyOf(answer)['error']).toContain(reason);
    expect(answer.text).not.toContain(ada.password);
  });

  it('of a tenant that is not there is not made', async () => {
    const target = await startSecured();
    const credential = await keyOf(target, { tenantId: 'default', role: 'admin' });
    const answer = await register(target, credential, { tenant_id: 'nowhere' });
    expect([answer.status, bodyOf(answer)['code']]).toEqual([404, 'tenant_not_found']);
  });

  it('is logged out where it is deleted, disabled, gets another role or another password', async () => {
    const target = await startSecured();
    const credential = await keyOf(target, { tenantId: 'default', role: 'admin' });
    const made = bodyOf(await register(target, credential));
    const path = `/api/v1/auth/users/${String(made['user_id'])}`;
    const changes = [
      { method: 'PUT', body: { role: 'developer' } },
      { method: 'PUT', body: { password: 'another password' } },
      { method: 'PUT', body: { active: false } },
    ];
    let { password } = ada;
    for (const change of changes) {
      const token = await tokenOf(target, { ...ada, password });
      expect((await me(target, token)).status).toBe(200);
      const done = await callAs(target, { path, credential, ...change });
      expect(done.status, done.text).toBe(200);
      expect((await me(target, token)).status).toBe(401);
      if ('password' in change.body) password = String(change.body.password);
    }
    expect((await login(target, { ...ada, password })).status).toBe(401);
    await callAs(target, { path, credential, method: 'PUT', body: { active: true } });
    const token = await tokenOf(target, { ...ada, password });
    expect((await callAs(target, { path, credential, method: 'DELETE' })).status).toBe(204);
    expect((await me(target, token)).status).toBe(401);
  });

  it('that only gets another address stays logged in', async () => {
    const target = await startSecured();
    const credential = await keyOf(target, { tenantId: 'default', role: 'admin' });
    const made = bodyOf(await register(target, credential));
    const token = await tokenOf(target, ada);
    const path = `/api/v1/auth/users/${String(made['user_id'])}`;
    const body = { email: 'ada@example.org' };
    expect((await callAs(target, { path, credential, method: 'PUT', body })).status).toBe(200);
    expect(bodyOf(await me(target, token))['email']).toBe('ada@example.org');
  });

  it('gives its token back, and that one only', async () => {
    const target = await startSecured();
    const [one, other] = [await tokenOf(target), await tokenOf(target)];
    const path = '/api/v1/auth/logout';
    expect((await callAs(target, { path, method: 'POST', credential: one })).status).toBe(204);
    expect((await me(target, one)).status).toBe(401);
    expect((await me(target, other)).status).toBe(200);
  });

  it('changes its password, which it has to know', async () => {
    const target = await startSecured();
    const credential = await tokenOf(target);
    const path = '/api/v1/auth/password';
    const change = (current: string) =>
      callAs(target, {
        path,
        method: 'PUT',
        credential,
        body: { current_password: current, new_password: 'quite another one' },
      });
    expect((await change('not the password')).status).toBe(401);
    expect((await change(adminPassword)).status).toBe(204);
    expect((await me(target, credential)).status).toBe(401);
    await tokenOf(target, { password: 'quite another one' });
  });

  it('that is the last administrator stays', async () => {
    const target = await startSecured();
    const credential = await tokenOf(target);
    const id = String(bodyOf(await me(target, credential))['id']);
    const path = `/api/v1/auth/users/${id}`;
    for (const sent of [
      { method: 'DELETE' },
      { method: 'PUT', body: { role: 'developer' } },
      { method: 'PUT', body: { active: false } },
    ]) {
      const answer = await callAs(target, { path, credential, ...sent });
      expect([answer.status, bodyOf(answer)['code']]).toEqual([422, 'unprocessable']);
    }
    expect((await me(target, credential)).status).toBe(200);
  });
});

describe('a change that is wrong in one part', () => {
  it('changes nothing', async () => {
    const target = await startSecured();
    const credential = await keyOf(target, { tenantId: 'default', role: 'admin' });
    const made = bodyOf(await register(target, credential));
    const path = `/api/v1/auth/users/${String(made['user_id'])}`;
    const body = { role: 'admin', password: 'short' };
    expect((await callAs(target, { path, credential, method: 'PUT', body })).status).toBe(400);
    expect(bodyOf(await callAs(target, { path, credential }))['role']).toBe('readonly');
  });
});

describe('an API key', () => {
  const path = '/api/v1/auth/api-keys';

  it('is shown once, used, and refused once it is deleted', async () => {
    const target = await startSecured();
    const check = await answerCheck(target);
    const credential = await keyOf(target, { tenantId: 'acme', role: 'developer' });
    const made = await callAs(target, { path, credential, body: { name: 'ci' } });
    expect(made.status, made.text).toBe(201);
    const { key, id } = check('CreatedApiKey', made);
    expect(key).toMatch(/^ask_[A-Za-z0-9_-]{43}$/);
    expect(check('Caller', await me(target, String(key)))).toMatchObject({
      type: 'api_key',
      username: 'ci',
      role: 'serviceaccount',
      tenant_id: 'acme',
    });
    const list = await callAs(target, { path, credential });
    expect(check('ApiKeyList', list)).toMatchObject({ total: 2 });
    expect(list.text).not.toContain(String(key));
    expect(list.text).not.toContain('digest');
    const gone = { path: `${path}/${String(id)}`, method: 'DELETE', credential };
    expect((await callAs(target, gone)).status).toBe(204);
    expect((await me(target, String(key))).status).toBe(401);
    expect((await callAs(target, gone)).status).toBe(404);
  });

  it('expires', async () => {
    const target = await startSecured();
    const soon = Date.now() + 300;
    const { key } = await target.store.apiKeys.create({ name: 'soon', expiresAt: soon * 1000 });
    expect((await me(target, key)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, soon - Date.now() + 5));
    expect((await me(target, key)).status).toBe(401);
  });

  it('is not made above the own role, of another tenant, or that expired already', async () => {
    const target = await startSecured();
    const credential = await keyOf(target, { tenantId: 'acme', role: 'developer' });
    const make = (body: object) =>
      callAs(target, { path, credential, body: { name: 'x', ...body } });
    const cases: [object, number, string][] = [
      [{ role: 'admin' }, 403, 'forbidden'],
      [{ tenant_id: 'default' }, 403, 'forbidden'],
      [{ expires_at: '2020-01-01T00:00:00Z' }, 400, 'validation_error'],
      [{ expires_at: '2090-01-01T00:00:00Z', expires_in_days: 3 }, 400, 'validation_error'],
      [{ expires_in_days: 0 }, 400, 'validation_error'],
    ];
    for (const [body, status, code] of cases) {
      const answer = await make(body);
      expect([body, answer.status, bodyOf(answer)['code']]).toEqual([body, status, code]);
    }
    expect(await target.store.apiKeys.list({ tenantId: 'acme' })).toHaveLength(1);
  });

  it('above the own role is not deleted', async () => {
    const target = await startSecured();
    const service = await keyOf(target, { tenantId: 'acme', role: 'serviceaccount' });
    await keyOf(target, { tenantId: 'acme', role: 'admin' });
    const keys = await target.store.apiKeys.list({ tenantId: 'acme' });
    const statuses = [];
    for (const { id, role } of keys) {
      const gone = { path: `${path}/${id}`, method: 'DELETE', credential: service };
      statuses.push([role, (await callAs(target, gone)).status]);
    }
    expect(statuses).toEqual([
      ['admin', 403],
      ['serviceaccount', 204],
    ]);
  });

  it('is not made beyond the quota of the tenant, however many ask at once', async () => {
    const target = await startSecured();
    await target.store.tenants.create({ id: 'small', preset: 'free' });
    const credential = await keyOf(target, { tenantId: 'small', role: 'developer' });
    const asked = Array.from({ length: 8 }, () =>
      callAs(target, { path, credential, body: { name: 'x' } }),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 429)).toHaveLength(7);
  });
});
