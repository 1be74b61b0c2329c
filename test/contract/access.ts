import { describe, expect, it } from 'vitest';
import type { NewApiKey, NewTenant, NewUser, UserChanges } from '../../src/index.js';
import { codeOf, errorOf, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const password = 'twelve characters';
const ada = { username: 'ada', password };
const bob = { username: 'bob', password, role: 'admin' };

const badTenants: readonly [string, NewTenant][] = [
  ['id: expected 1-64', { id: 'a b' }],
  ['id: expected 1-64', { id: '$system' }],
  ['name', { id: 'a', name: '' }],
  ['description', { id: 'a', description: 'x'.repeat(1_025) }],
  ['preset', { id: 'a', preset: wrong('gold') }],
  ['max_api_keys', { id: 'a', quotas: { maxApiKeys: -1 } }],
  ['max_events_per_day', { id: 'a', quotas: { maxEventsPerDay: 1.5 } }],
  ['request_burst: expected at least 1', { id: 'a', quotas: { requestBurst: 0 } }],
  ['constructor: not a quota', { id: 'a', quotas: wrong({ constructor: 1 }) }],
  ['what: not', wrong({ id: 'a', what: 1 })],
];

const badUsers: readonly [string, NewUser][] = [
  ['username', { username: 'a b', password }],
  ['username', { username: '', password }],
  [
    'password: expected at least 12 characters, got 11',
    { username: 'a', password: 'x'.repeat(11) },
  ],
  ['password: expected at most 1024 bytes', { username: 'a', password: 'ä'.repeat(513) }],
  ['email', { ...ada, email: 'nowhere' }],
  ['role', { ...ada, role: 'king' }],
  ['what: not', wrong({ ...ada, what: 1 })],
];

const badChanges: readonly [string, UserChanges][] = [
  ['role', { role: 'king' }],
  ['email', { email: 'nowhere' }],
  ['password', { password: 'short' }],
  ['username: not', wrong({ username: 'other' })],
];

const badKeys: readonly [string, NewApiKey][] = [
  ['name', { name: '' }],
  ['name', { name: 'x'.repeat(129) }],
  ['role', { name: 'a', role: 'king' }],
  ['expires_at', { name: 'a', expiresAt: 1 }],
  ['expires_at', { name: 'a', expiresAt: 'tomorrow' }],
  ['what: not', wrong({ name: 'a', what: 1 })],
];

export function describeAccess(mode: StoreMode): void {
  describe('tenants', () => describeTenants(mode));
  describe('users', () => describeUsers(mode));
  describe('API keys', () => describeKeys(mode));
}

function describeTenants(mode: StoreMode): void {
  it('are made with quotas of a preset, and others in the place of some', async () => {
    const store = await mode.open();
    expect(await store.tenants.list()).toMatchObject([
      { id: 'default', active: true, createdAt: null, quotas: { maxEventsPerDay: 0 } },
    ]);
    const wanted = { id: 'acme', name: 'Acme Ltd', description: 'makes things' };
    const tenant = await store.tenants.create({
      ...wanted,
      preset: 'free',
      quotas: { maxApiKeys: 3 },
    });
    expect(tenant).toMatchObject({
      ...wanted,
      active: true,
      quotas: { maxEventsPerDay: 10_000, maxApiKeys: 3, requestsPerMinute: 60 },
    });
    expect(await store.tenants.get('acme')).toEqual(tenant);
    expect(await codeOf(() => store.tenants.create({ id: 'acme' }))).toBe('tenant_exists');
    expect(await codeOf(() => store.tenants.create({ id: 'default' }))).toBe('tenant_exists');
    expect(await codeOf(() => store.tenants.get('nobody'))).toBe('tenant_not_found');
    expect((await store.tenants.list()).map(({ id }) => id)).toEqual(['acme', 'default']);
  });

  it('get other quotas, and those that are not given stay', async () => {
    const store = await mode.open();
    const { quotas } = await store.tenants.create({ id: 'acme' });
    const changed = await store.tenants.setQuotas('acme', { maxPipelines: 7, maxApiKeys: 0 });
    expect(changed.quotas).toEqual({ ...quotas, maxPipelines: 7, maxApiKeys: 0 });
    expect(await codeOf(() => store.tenants.setQuotas('nobody', {}))).toBe('tenant_not_found');
    const bad = { requestsPerMinute: 5, requestBurst: 0 };
    expect(await codeOf(() => store.tenants.setQuotas('acme', bad))).toBe('validation_error');
    expect((await store.tenants.setQuotas('default', { maxApiKeys: 5 })).createdAt).not.toBeNull();
  });

  it('are made inactive and active again, but for the first one', async () => {
    const store = await mode.open();
    await store.tenants.create({ id: 'acme' });
    expect((await store.tenants.deactivate('acme')).active).toBe(false);
    expect((await store.tenants.activate('acme')).active).toBe(true);
    expect(await codeOf(() => store.tenants.deactivate('default'))).toBe('unprocessable');
    expect(await codeOf(() => store.tenants.activate('nobody'))).toBe('tenant_not_found');
  });

  it.each(badTenants)('are not made with a bad %s', async (reason, tenant) => {
    const store = await mode.open();
    const error = await errorOf(() => store.tenants.create(tenant));
    expect(error.code).toBe('validation_error');
    expect(error.message).toContain(reason);
    expect(await store.tenants.list()).toHaveLength(1);
  });
}

function describeUsers(mode: StoreMode): void {
  it('are made, changed and deleted', async () => {
    const store = await mode.open();
    await store.users.create(bob);
    const user = await store.users.create({ ...ada, email: 'ada@example.com', role: 'reader' });
    expect(user).toMatchObject({
      username: 'ada',
      email: 'ada@example.com',
      role: 'readonly',
      tenantId: 'default',
      active: true,
    });
    expect(JSON.stringify(user)).not.toMatch(/argon2|epoch|hash/i);
    expect(await store.users.get(user.id)).toEqual(user);
    const changed = await store.users.update(user.id, { role: 'operator', email: null });
    expect(changed).toMatchObject({ role: 'developer', email: null, username: 'ada' });
    expect(await store.users.update(user.id, {})).toMatchObject({ role: 'developer' });
    await store.users.update(user.id, { password: 'another password', active: false });
    expect((await store.users.list()).map(({ username, active }) => [username, active])).toEqual([
      ['ada', false],
      ['bob', true],
    ]);
    await store.users.delete(user.id);
    expect(await codeOf(() => store.users.delete(user.id))).toBe('user_not_found');
    expect(await codeOf(() => store.users.get(user.id))).toBe('user_not_found');
    expect(await store.users.list()).toHaveLength(1);
  });

  it('have names of their own in the whole store, and are found in their tenant only', async () => {
    const store = await mode.open();
    await store.tenants.create({ id: 'acme' });
    const user = await store.users.create({ ...ada, tenantId: 'acme' });
    for (const username of ['ada', 'ADA']) {
      expect(await codeOf(() => store.users.create({ ...ada, username }))).toBe('user_exists');
    }
    expect(await store.users.list()).toEqual([]);
    expect(await store.users.list({ tenantId: 'acme' })).toEqual([user]);
    expect(await codeOf(() => store.users.get(user.id))).toBe('user_not_found');
    expect(await codeOf(() => store.users.update(user.id, { role: 'admin' }))).toBe(
      'user_not_found',
    );
    expect(await codeOf(() => store.users.delete(user.id))).toBe('user_not_found');
    const elsewhere = { ...bob, tenantId: 'nobody' };
    expect(await codeOf(() => store.users.create(elsewhere))).toBe('tenant_not_found');
  });

  it('never lose their last administrator', async () => {
    const store = await mode.open();
    const { id } = await store.users.create(bob);
    for (const change of [{ role: 'developer' }, { active: false }]) {
      expect(await codeOf(() => store.users.update(id, change))).toBe('unprocessable');
    }
    expect(await codeOf(() => store.users.delete(id))).toBe('unprocessable');
    const other = await store.users.create({ ...ada, role: 'admin' });
    await store.users.update(id, { active: false });
    expect(await codeOf(() => store.users.delete(other.id))).toBe('unprocessable');
    await store.users.delete(id);
  });

  it.each(badUsers)('are not made with a bad %s', async (reason, user) => {
    const store = await mode.open();
    const error = await errorOf(() => store.users.create(user));
    expect(error.code).toBe('validation_error');
    expect(error.message).toContain(reason);
    expect(error.message).not.toContain(user.password);
    expect(await store.users.list()).toEqual([]);
  });

  it.each(badChanges)('are not changed by a bad %s', async (reason, changes) => {
    const store = await mode.open();
    await store.users.create(bob);
    const user = await store.users.create(ada);
    const error = await errorOf(() => store.users.update(user.id, { active: false, ...changes }));
    expect(error.code).toBe('validation_error');
    expect(error.message).toContain(reason);
    expect(await store.users.get(user.id)).toEqual(user);
  });
}

function describeKeys(mode: StoreMode): void {
  it('are made with a secret that is shown once, and deleted', async () => {
    const store = await mode.open();
    const expiresAt = '2090-01-01T00:00:00Z';
    const made = await store.apiKeys.create({ name: 'ci', role: 'developer', expiresAt });
    expect(made.key).toMatch(/^ask_[\w-]{43}$/);
    const { key: secret, ...key } = made;
    expect(key).toMatchObject({
      name: 'ci',
      role: 'developer',
      tenantId: 'default',
      expiresAt: 3_786_912_000_000_000,
      lastUsedAt: null,
    });
    await store.apiKeys.create({ name: 'batch' });
    const list = await store.apiKeys.list();
    expect(list.map(({ name, role }) => [name, role])).toEqual([
      ['batch', 'serviceaccount'],
      ['ci', 'developer'],
    ]);
    expect(JSON.stringify(list)).not.toContain(secret);
    await store.apiKeys.delete(key.id);
    expect(await codeOf(() => store.apiKeys.delete(key.id))).toBe('api_key_not_found');
    expect(await store.apiKeys.list()).toHaveLength(1);
  });

  it('are those of their tenant, and as many as it may have', async () => {
    const store = await mode.open();
    await store.tenants.create({ id: 'acme', quotas: { maxApiKeys: 1 } });
    const { id } = await store.apiKeys.create({ name: 'ci', tenantId: 'acme' });
    expect(await store.apiKeys.list()).toEqual([]);
    expect(await codeOf(() => store.apiKeys.delete(id))).toBe('api_key_not_found');
    const again = { name: 'other', tenantId: 'acme' };
    expect(await codeOf(() => store.apiKeys.create(again))).toBe('quota_exceeded');
    await store.apiKeys.delete(id, { tenantId: 'acme' });
    await store.apiKeys.create(again);
    const elsewhere = { name: 'x', tenantId: 'nobody' };
    expect(await codeOf(() => store.apiKeys.create(elsewhere))).toBe('tenant_not_found');
  });

  it.each(badKeys)('are not made with a bad %s', async (reason, key) => {
    const store = await mode.open();
    const error = await errorOf(() => store.apiKeys.create(key));
    expect(error.code).toBe('validation_error');
    expect(error.message).toContain(reason);
    expect(await store.apiKeys.list()).toEqual([]);
  });
}
