import { Tokens, apiKeyPrefix } from '../../access/index.js';
import type { TokenClaims, TokenHolder, User } from '../../access/index.js';
import { AllSourceError } from '../../domain/index.js';
import type { Principal } from '../../domain/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import { LoginLimits } from '../limits/index.js';
import { makeFirstAdmin } from './firstAdmin.js';
import type { AuthSettings } from './options.js';
import { tokenSecret } from './secret.js';

/** Whoever showed a credential, and whether it still counts. */
export interface Session {
  readonly principal: Principal;
  /** Of a token. */
  readonly claims?: TokenClaims | undefined;
  /** False once it is expired, given back or deleted, or its tenant is inactive. */
  isValid(): boolean;
}

export interface Login {
  readonly user: User;
  readonly token: string;
  /** Microseconds since 1970. */
  readonly expiresAt: number;
}

interface LoginAttempt {
  readonly username: string;
  readonly password: string;
  /** From where. */
  readonly address: string;
}

/** Knows who calls: by API keys, tokens, and passwords that tokens are given for. */
export class Authenticator {
  readonly #store: EmbeddedStore;
  readonly #settings: AuthSettings;
  readonly #limits = new LoginLimits();
  readonly #tellPassword: (password: string) => void;
  #tokens: Tokens | undefined;
  #ready: Promise<Tokens> | undefined;

  constructor(
    store: EmbeddedStore,
    settings: AuthSettings,
    tellPassword: (password: string) => void,
  ) {
    this.#store = store;
    this.#settings = settings;
    this.#tellPassword = tellPassword;
  }

  /** Loads who is known, and makes the first administrator; rejects with `invalid_configuration`. */
  async begin(): Promise<void> {
    await this.#loaded();
  }

  /** Throws, or rejects, with `unauthenticated` and `tenant_inactive`; at once where it can. */
  sessionOf(credential: string | undefined): Session | Promise<Session> {
    if (credential === undefined) {
      throw new AllSourceError(
        'unauthenticated',
        'expected a token or an API key: "Authorization: Bearer …" or "X-API-Key: …"',
      );
    }
    if (this.#tokens === undefined) {
      return this.#loaded().then(() => this.sessionOf(credential));
    }
    if (credential.startsWith(apiKeyPrefix)) return this.#ofKey(credential);
    const claims = this.#tokens.known(credential);
    if (claims !== undefined) return this.#ofClaims(claims);
    return this.#tokens.check(credential).then((checked) => this.#ofClaims(checked));
  }

  /** Rejects with `unauthenticated`, `tenant_inactive`, and with `rate_limited` after too many failures. */
  async login(attempt: LoginAttempt): Promise<Login> {
    const tokens = await this.#loaded();
    const holder = await this.#holderOf(attempt);
    this.#mustBeActive(holder.user.tenantId);
    return { user: holder.user, ...(await tokens.issue(holder)) };
  }

  /** Rejects as `login`. */
  async mustKnowPassword(attempt: LoginAttempt): Promise<void> {
    await this.#holderOf(attempt);
  }

  async #holderOf({ username, password, address }: LoginAttempt): Promise<TokenHolder> {
    const attempt = { address, account: username.toLowerCase() };
    // Counted before the answer: those who ask many times at once are not ahead of it.
    this.#limits.begin(attempt);
    const holder = await this.#store.users.withPassword(username, password);
    if (holder === undefined) {
      throw new AllSourceError('unauthenticated', 'the username or the password is wrong');
    }
    this.#limits.succeeded(attempt);
    return holder;
  }

  /** The token is refused from now on. */
  async logout({ tokenId, expiresAt }: TokenClaims): Promise<void> {
    if (tokenId === undefined) {
      throw new AllSourceError(
        'unprocessable',
        'the token has no claim "jti" to refuse it by: it counts until it expires',
      );
    }
    await this.#store.users.revokeToken(tokenId, expiresAt);
  }

  #loaded(): Promise<Tokens> {
    this.#ready ??= this.#load().catch((error: unknown) => {
      // The next caller tries again.
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #load(): Promise<Tokens> {
    const { users, apiKeys, tenants, dataDir } = this.#store;
    const { jwtSecret, tokenLifeSeconds: lifeSeconds, issuer, adminPassword } = this.#settings;
    const secret = await tokenSecret({ secret: jwtSecret, dataDir });
    await Promise.all([users, apiKeys, tenants].map((part) => part.load()));
    await makeFirstAdmin(this.#store, { password: adminPassword, tell: this.#tellPassword });
    this.#tokens = new Tokens({ secret, lifeSeconds, issuer });
    return this.#tokens;
  }

  #ofKey(secret: string): Session {
    const { apiKeys } = this.#store;
    const key = apiKeys.withSecret(secret);
    if (key === undefined) {
      throw new AllSourceError('unauthenticated', 'the API key is unknown, deleted or expired');
    }
    this.#mustBeActive(key.tenantId);
    const { tenantId, role, id: keyId, name: keyName } = key;
    return {
      principal: { tenantId, role, actor: { type: 'api_key', keyId, keyName } },
      isValid: () => this.#store.tenants.isActive(tenantId) && apiKeys.isValid(keyId),
    };
  }

  #ofClaims(claims: TokenClaims): Session {
    const principal = this.#principalOf(claims);
    if (principal === undefined) {
      throw new AllSourceError(
        'unauthenticated',
        'the token counts no more: its user logged out, or was changed or deleted; log in again',
      );
    }
    this.#mustBeActive(principal.tenantId);
    const isCurrent = (): boolean => claims.expiresAt > Date.now() * 1000;
    return {
      principal,
      claims,
      isValid: () =>
        isCurrent() &&
        this.#store.tenants.isActive(principal.tenantId) &&
        this.#principalOf(claims) !== undefined,
    };
  }

  #principalOf(claims: TokenClaims): Principal | undefined {
    const { subject, tokenId, tenantId, role, name, epoch } = claims;
    if (tokenId !== undefined && this.#store.users.isRevoked(tokenId)) return undefined;
    const actor = { type: 'user', userId: subject } as const;
    if (epoch === undefined) return { tenantId, role, actor: { ...actor, username: name } };
    const user = this.#store.users.holder(subject, epoch);
    if (user === undefined) return undefined;
    const { username } = user;
    return { tenantId: user.tenantId, role: user.role, actor: { ...actor, username } };
  }

  #mustBeActive(tenantId: string): void {
    if (this.#store.tenants.isActive(tenantId)) return;
    throw new AllSourceError('tenant_inactive', `the tenant ${tenantId} is inactive`);
  }
}
