import { Type } from '@sinclair/typebox';
import { permissions, roleNames, roles } from '../../../domain/index.js';
import {
  emailCharactersMax,
  keyNameCharactersMax,
  usernamePattern,
} from '../../../access/index.js';
import { count, timestamp, orNull } from '../formats.js';

const strict = { additionalProperties: false };

const username = Type.String({
  pattern: usernamePattern,
  description: '1-64 letters, digits and . _ @ + -; unique in the store',
});
const email = Type.String({ maxLength: emailCharactersMax, description: 'An address' });
/** Longer ones are refused by whoever hashes them; the message does not repeat them. */
const password = Type.String({ description: 'At least 12 characters, at most 1 024 bytes' });
const givenRole = Type.Union(
  roleNames.map((name) => Type.Literal(name)),
  { description: 'operator is developer, reader is readonly' },
);
const role = Type.Union(roles.map((name) => Type.Literal(name)));
const tenantId = Type.String({ description: 'Default that of the caller' });

export const login = Type.Object(
  { username: Type.String({ maxLength: 256 }), password: Type.String() },
  { ...strict, $id: 'Login' },
);

export const loggedIn = Type.Object(
  {
    token: Type.String({ description: 'For `Authorization: Bearer …`' }),
    expires_at: timestamp,
    user: Type.Object(
      {
        id: Type.String(),
        username: Type.String(),
        email: orNull(Type.String()),
        role,
        tenant_id: Type.String(),
      },
      strict,
    ),
  },
  { ...strict, $id: 'LoggedIn' },
);

export const newUser = Type.Object(
  {
    username,
    password,
    email: Type.Optional(orNull(email)),
    role: Type.Optional(givenRole),
    tenant_id: Type.Optional(orNull(tenantId)),
  },
  { ...strict, $id: 'NewUser' },
);

export const registered = Type.Object(
  {
    user_id: Type.String(),
    username: Type.String(),
    email: orNull(Type.String()),
    role,
    tenant_id: Type.String(),
  },
  { ...strict, $id: 'RegisteredUser' },
);

export const user = Type.Object(
  {
    id: Type.String(),
    username: Type.String(),
    email: orNull(Type.String()),
    role,
    tenant_id: Type.String(),
    active: Type.Boolean(),
    created_at: timestamp,
    updated_at: timestamp,
  },
  { ...strict, $id: 'User' },
);

export const userList = Type.Object(
  { users: Type.Array(user, { description: 'By name' }), total: count },
  { ...strict, $id: 'UserList' },
);

export const userChanges = Type.Object(
  {
    email: Type.Optional(orNull(email)),
    role: Type.Optional(givenRole),
    active: Type.Optional(Type.Boolean({ description: 'False: the user is logged out, too' })),
    password: Type.Optional(password),
  },
  { ...strict, $id: 'UserChanges' },
);

export const newPassword = Type.Object(
  { current_password: Type.String(), new_password: password },
  { ...strict, $id: 'NewPassword' },
);

export const caller = Type.Object(
  {
    type: Type.Union(['user', 'api_key', 'system'].map((type) => Type.Literal(type))),
    id: orNull(Type.String()),
    username: Type.String({ description: 'Of an API key its name' }),
    email: orNull(Type.String()),
    role,
    tenant_id: Type.String(),
    permissions: Type.Array(Type.Union(permissions.map((name) => Type.Literal(name)))),
  },
  { ...strict, $id: 'Caller' },
);

export const newApiKey = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: keyNameCharactersMax,
      description: 'What it is for',
    }),
    role: Type.Optional(givenRole),
    tenant_id: Type.Optional(orNull(tenantId)),
    expires_at: Type.Optional(orNull(Type.String({ description: 'RFC 3339; default never' }))),
    expires_in_days: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 36_500, description: 'The same from now on' }),
    ),
  },
  { ...strict, $id: 'NewApiKey' },
);

const keyFields = {
  id: Type.String(),
  name: Type.String(),
  role,
  tenant_id: Type.String(),
  created_at: timestamp,
  expires_at: orNull(timestamp),
  last_used: orNull(timestamp),
};

export const apiKey = Type.Object(keyFields, { ...strict, $id: 'ApiKey' });

export const createdApiKey = Type.Object(
  { ...keyFields, key: Type.String({ description: 'Shown this once' }) },
  { ...strict, $id: 'CreatedApiKey' },
);

export const apiKeyList = Type.Object(
  { api_keys: Type.Array(apiKey, { description: 'By name' }), total: count },
  { ...strict, $id: 'ApiKeyList' },
);

export const idParams = Type.Object({ id: Type.String() }, strict);

export const authDocuments = [
  login,
  loggedIn,
  newUser,
  registered,
  user,
  userList,
  userChanges,
  newPassword,
  caller,
  newApiKey,
  apiKey,
  createdApiKey,
  apiKeyList,
];
