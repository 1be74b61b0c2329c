export {
  apiKeyDocument,
  apiKeysDocument,
  createdApiKeyDocument,
  userDocument,
  usersDocument,
} from './documents.js';
export { ApiKeyRegistry, apiKeyPrefix, keyNameCharactersMax } from './keys/registry.js';
export { Tokens } from './tokens/tokens.js';
export type { IssuerOptions, TokenClaims } from './tokens/tokens.js';
export { UserRegistry, emailCharactersMax, usernamePattern } from './users/registry.js';
export { checkedPasswordMin } from './users/passwords.js';
export type * from './types.js';
