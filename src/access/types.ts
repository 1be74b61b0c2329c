import type { Role } from '../domain/index.js';

export interface OfTenant {
  /** Default `default`. */
  readonly tenantId?: string | undefined;
}

export interface NewUser extends OfTenant {
  /** 1-64 letters, digits and `.`, `_`, `@`, `+`, `-`; unique in the store, whatever the case of its letters. */
  readonly username: string;
  /** At least 12 characters, at most 1 024 bytes of UTF-8. */
  readonly password: string;
  /** Up to 254 characters, with an `@`. */
  readonly email?: string | undefined;
  /** Also `operator` (developer) and `reader` (readonly); default `readonly`. */
  readonly role?: string | undefined;
}

/** What is other; the rest stays. */
export interface UserChanges {
  readonly email?: string | null | undefined;
  readonly role?: string | undefined;
  /** False: the user can't log in, and is logged out. */
  readonly active?: boolean | undefined;
  /** Logs the user out. */
  readonly password?: string | undefined;
}

export interface User {
  /** A UUID. */
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly role: Role;
  readonly tenantId: string;
  readonly active: boolean;
  /** Microseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Who can log in. */
export interface Users {
  /** Rejects with `validation_error`, `tenant_not_found`, `user_exists`. */
  create(user: NewUser): Promise<User>;
  /** By name. */
  list(options?: OfTenant): Promise<readonly User[]>;
  /** Rejects with `user_not_found`, as do those below. */
  get(id: string, options?: OfTenant): Promise<User>;
  /**
   * All of it at once. Tokens of a user who gets another role or password, or is made inactive, are
   * refused from then on. Rejects with `unprocessable` where no active administrator of the tenant
   * `default` would be left.
   */
  update(id: string, changes: UserChanges, options?: OfTenant): Promise<User>;
  /** Rejects with `unprocessable` as `update`. */
  delete(id: string, options?: OfTenant): Promise<void>;
}

export interface NewApiKey extends OfTenant {
  /** Up to 128 characters: what it is for. */
  readonly name: string;
  /** Default `serviceaccount`. */
  readonly role?: string | undefined;
  /** Microseconds since 1970, or RFC 3339 text; default never. */
  readonly expiresAt?: number | string | undefined;
}

export interface ApiKey {
  /** A UUID. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly tenantId: string;
  /** Microseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** Exact while the store is open; after it was opened, the first use of the last day on which it was used. */
  readonly lastUsedAt: number | null;
}

export interface CreatedApiKey extends ApiKey {
  /** `ask_` and 43 characters; it is shown this once and kept nowhere. */
  readonly key: string;
}

/** By which programs say who they are. */
export interface ApiKeys {
  /** Rejects with `validation_error`, `tenant_not_found`, `quota_exceeded`. */
  create(key: NewApiKey): Promise<CreatedApiKey>;
  /** By name; without their secrets. */
  list(options?: OfTenant): Promise<readonly ApiKey[]>;
  /** It is refused from then on. Rejects with `api_key_not_found`. */
  delete(id: string, options?: OfTenant): Promise<void>;
}

/** @internal What a token says of its user. */
export interface TokenHolder {
  readonly user: User;
  readonly epoch: number;
}

/** Those of a store in this process. */
export interface EmbeddedUsers extends Users {
  /** @internal Before any of those below. */
  load(): Promise<void>;
  /** @internal Users of all tenants. */
  readonly count: number;
  /** @internal */
  readonly passwordCharactersMin: number;
  /** @internal The active user of a name and a password. Rejects with `overloaded` where many try. */
  withPassword(username: string, password: string): Promise<TokenHolder | undefined>;
  /** @internal The active user that a token is about, unless such tokens are refused by now. */
  holder(id: string, epoch: number): User | undefined;
  /** @internal A token is refused from then on; it expires by itself at a time in microseconds. */
  revokeToken(tokenId: string, expiresAt: number): Promise<void>;
  /** @internal */
  isRevoked(tokenId: string): boolean;
}

/** Those of a store in this process. */
export interface EmbeddedApiKeys extends ApiKeys {
  /** @internal Before any of those below. */
  load(): Promise<void>;
  /** @internal The key of a secret, unless it is expired. */
  withSecret(secret: string): ApiKey | undefined;
  /** @internal Whether a key is still good. */
  isValid(id: string): boolean;
}
