export { type Access, accessOf, mustBeAllowed } from './accessTable.js';
export { Authenticator, type Login, type Session } from './authenticator.js';
export { credentialIn, credentialInQuery } from './credentials.js';
export { firstUsername } from './firstAdmin.js';
export { type AuthOptions, type AuthSettings, resolveAuthOptions } from './options.js';
