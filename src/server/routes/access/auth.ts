import {
  apiKeysDocument,
  createdApiKeyDocument,
  userDocument,
  usersDocument,
} from '../../../access/index.js';
import {
  AllSourceError,
  fieldError,
  formatTimestamp,
  mustCover,
  permissionsOf,
  roleOf,
} from '../../../domain/index.js';
import type { ErrorCode, Role } from '../../../domain/index.js';
import type { Authenticator } from '../../auth/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  noContent,
  parseQueryText,
} from '../../http/index.js';
import { auth as schemas, noQuery, paramsReader, queryReader } from '../../schemas/index.js';
import {
  bodyErrors,
  bodyReader,
  controlRoute,
  queryErrors,
  tenantIn,
  writeErrors,
} from '../control.js';

const path = '/api/v1/auth';
const tag = 'auth';
const dayMs = 86_400_000;
const errors: readonly ErrorCode[] = [...queryErrors, ...bodyErrors];
const changeErrors: readonly ErrorCode[] = [...errors, ...writeErrors];

const readNoQuery = queryReader(noQuery);
const readIdParams = paramsReader(schemas.idParams);
const readLogin = bodyReader(schemas.login);
const readNewUser = bodyReader(schemas.newUser);
const readUserChanges = bodyReader(schemas.userChanges);
const readNewPassword = bodyReader(schemas.newPassword);
const readNewApiKey = bodyReader(schemas.newApiKey);

export const authRoutes: readonly Route[] = [
  controlRoute({
    method: 'POST',
    pattern: `${path}/login`,
    id: 'login',
    summary: 'A token for a username and a password',
    tag,
    query: noQuery,
    request: schemas.login,
    answer: schemas.loggedIn,
    errors: [...errors, 'unauthenticated', 'rate_limited', 'unprocessable'],
    handle: login,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/me`,
    id: 'getCaller',
    summary: 'Who the caller is, and what it may do',
    tag,
    query: noQuery,
    answer: schemas.caller,
    errors: queryErrors,
    handle: getCaller,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${path}/logout`,
    id: 'logout',
    summary: 'Give the token back: it is refused from now on',
    tag,
    query: noQuery,
    errors: [...queryErrors, ...writeErrors, 'unprocessable'],
    handle: logout,
  }),
  controlRoute({
    method: 'PUT',
    pattern: `${path}/password`,
    id: 'changePassword',
    summary: 'Another password for the caller; all its tokens are refused from now on',
    tag,
    query: noQuery,
    request: schemas.newPassword,
    errors: [...changeErrors, 'rate_limited', 'unprocessable'],
    handle: changePassword,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${path}/register`,
    id: 'registerUser',
    summary: 'Make a user',
    tag,
    query: noQuery,
    request: schemas.newUser,
    status: 201,
    answer: schemas.registered,
    errors: [...changeErrors, 'tenant_not_found', 'user_exists'],
    handle: register,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/users`,
    id: 'listUsers',
    summary: 'Users of a tenant by name',
    tag,
    answer: schemas.userList,
    errors: queryErrors,
    handle: listUsers,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/users/:id`,
    id: 'getUser',
    summary: 'A user',
    tag,
    params: schemas.idParams,
    answer: schemas.user,
    errors: [...queryErrors, 'user_not_found'],
    handle: getUser,
  }),
  controlRoute({
    method: 'PUT',
    pattern: `${path}/users/:id`,
    id: 'changeUser',
    summary: 'Another role, address or password for a user, or none to log in with',
    tag,
    params: schemas.idParams,
    request: schemas.userChanges,
    answer: schemas.user,
    errors: [...changeErrors, 'user_not_found', 'unprocessable'],
    handle: changeUser,
  }),
  controlRoute({
    method: 'DELETE',
    pattern: `${path}/users/:id`,
    id: 'deleteUser',
    summary: 'Delete a user; its tokens are refused from now on',
    tag,
    params: schemas.idParams,
    errors: [...queryErrors, ...writeErrors, 'user_not_found', 'unprocessable'],
    handle: deleteUser,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${path}/api-keys`,
    id: 'createApiKey',
    summary: 'Make an API key, which is shown this once',
    tag,
    query: noQuery,
    request: schemas.newApiKey,
    status: 201,
    answer: schemas.createdApiKey,
    errors: [...changeErrors, 'tenant_not_found', 'quota_exceeded', 'unprocessable'],
    handle: createApiKey,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/api-keys`,
    id: 'listApiKeys',
    summary: 'API keys of a tenant by name, without their secrets',
    tag,
    answer: schemas.apiKeyList,
    errors: queryErrors,
    handle: listApiKeys,
  }),
  controlRoute({
    method: 'DELETE',
    pattern: `${path}/api-keys/:id`,
    id: 'deleteApiKey',
    summary: 'Delete an API key: it is refused from now on',
    tag,
    params: schemas.idParams,
    errors: [...queryErrors, ...writeErrors, 'api_key_not_found'],
    handle: deleteApiKey,
  }),
];

async function login(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { username, password } = readLogin(exchange);
  const { clientAddress: address } = exchange;
  const { token, expiresAt, user } = await authOf(exchange).login({ username, password, address });
  const { id, email, role, tenantId } = user;
  return jsonReply({
    token,
    expires_at: formatTimestamp(expiresAt),
    user: { id, username: user.username, email, role, tenant_id: tenantId },
  });
}

function getCaller(exchange: Exchange): Reply {
  readNoQuery(parseQueryText(exchange.queryText));
  const { role, tenantId, actor } = exchange.principal;
  return jsonReply({
    ...identityOf(exchange),
    type: actor.type,
    role,
    tenant_id: tenantId,
    permissions: permissionsOf(role),
  });
}

function identityOf({ principal: { actor }, session, runtime }: Exchange) {
  switch (actor.type) {
    case 'user': {
      const { userId: id, username } = actor;
      // One of another issuer is not known here.
      const { epoch } = session?.claims ?? {};
      const user = epoch === undefined ? undefined : runtime.store.users.holder(id, epoch);
      return { id, username, email: user?.email ?? null };
    }
    case 'api_key':
      return { id: actor.keyId, username: actor.keyName, email: null };
    case 'system':
      return { id: null, username: actor.component, email: null };
  }
}

async function logout(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const claims = exchange.session?.claims;
  if (claims === undefined) {
    throw new AllSourceError('unprocessable', 'expected a token: API keys are deleted instead');
  }
  await authOf(exchange).logout(claims);
  exchange.runtime.streams.recheck();
  return noContent;
}

async function changePassword(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { current_password: current, new_password: next } = readNewPassword(exchange);
  const { actor, tenantId } = exchange.principal;
  if (actor.type !== 'user' || exchange.session?.claims?.epoch === undefined) {
    throw new AllSourceError('unprocessable', 'expected a token of a user of this store');
  }
  const { username, userId } = actor;
  const { clientAddress: address } = exchange;
  await authOf(exchange).mustKnowPassword({ username, password: current, address });
  await exchange.runtime.store.users.update(userId, { password: next }, { tenantId });
  exchange.runtime.streams.recheck();
  return noContent;
}

async function register(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const wanted = readNewUser(exchange);
  const role = grantedRole(exchange, wanted.role ?? 'readonly');
  const user = await exchange.runtime.store.users.create({
    username: wanted.username,
    password: wanted.password,
    email: wanted.email ?? undefined,
    role,
    tenantId: exchange.tenantOf(wanted.tenant_id),
  });
  const { id, username, email, tenantId } = user;
  return {
    ...jsonReply({ user_id: id, username, email, role: user.role, tenant_id: tenantId }),
    status: 201,
  };
}

async function listUsers(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  return jsonReply(usersDocument(await exchange.runtime.store.users.list({ tenantId })));
}

async function getUser(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  const { id } = readIdParams(exchange.params);
  return jsonReply(userDocument(await exchange.runtime.store.users.get(id, { tenantId })));
}

async function changeUser(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  const { id } = readIdParams(exchange.params);
  const { password, role, email, active } = readUserChanges(exchange);
  const { users } = exchange.runtime.store;
  const changes = {
    email,
    active,
    password,
    ...(role !== undefined && { role: grantedRole(exchange, role) }),
  };
  const user = await users.update(id, changes, { tenantId });
  exchange.runtime.streams.recheck();
  return jsonReply(userDocument(user));
}

async function deleteUser(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  const { id } = readIdParams(exchange.params);
  await exchange.runtime.store.users.delete(id, { tenantId });
  exchange.runtime.streams.recheck();
  return noContent;
}

async function createApiKey(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const wanted = readNewApiKey(exchange);
  const key = await exchange.runtime.store.apiKeys.create({
    name: wanted.name,
    role: grantedRole(exchange, wanted.role ?? 'serviceaccount'),
    tenantId: exchange.tenantOf(wanted.tenant_id),
    expiresAt: expiryOf(wanted),
  });
  return { ...jsonReply(createdApiKeyDocument(key)), status: 201 };
}

interface WantedExpiry {
  readonly expires_at?: string | null;
  readonly expires_in_days?: number;
}

function expiryOf({ expires_at: at, expires_in_days: days }: WantedExpiry) {
  if (days === undefined) return at ?? undefined;
  if (at === undefined || at === null) return (Date.now() + days * dayMs) * 1000;
  const reason = 'expected expires_at or expires_in_days, got both';
  throw fieldError('validation_error', 'expires_in_days', reason);
}

async function listApiKeys(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  return jsonReply(apiKeysDocument(await exchange.runtime.store.apiKeys.list({ tenantId })));
}

async function deleteApiKey(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  const { id } = readIdParams(exchange.params);
  const { apiKeys } = exchange.runtime.store;
  const key = (await apiKeys.list({ tenantId })).find((one) => one.id === id);
  if (key !== undefined) mustCover(exchange.principal, key.role);
  await apiKeys.delete(id, { tenantId });
  exchange.runtime.streams.recheck();
  return noContent;
}

/** Throws `forbidden` where it is above that of the caller. */
function grantedRole(exchange: Exchange, name: string): Role {
  const role = roleOf(name);
  // The schema of the body has the names of roles.
  if (role === undefined) throw fieldError('validation_error', 'role', 'not a role');
  mustCover(exchange.principal, role);
  return role;
}

function authOf({ runtime }: Exchange): Authenticator {
  if (runtime.auth !== undefined) return runtime.auth;
  throw new AllSourceError(
    'unprocessable',
    'authentication is off: everybody who reaches this server is an administrator',
  );
}
