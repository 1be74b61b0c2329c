import { createSecretKey, hash, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey, errors as joseErrors } from 'jose';
import { AllSourceError, roleOf } from '../../domain/index.js';
import type { Role } from '../../domain/index.js';
import type { TokenHolder } from '../types.js';

/** Loaded with the first token: a store without a server does not need it. */
const loadJose = () => import('jose');

const tokenIssuer = 'allsource';
const ownAlgorithm = 'HS256';
const outerAlgorithms = ['RS256', 'EdDSA'];
const clockToleranceSeconds = 5;
const checkedMax = 10_000;
const outerKnownMicros = 60_000_000;
const tokenCharactersMax = 8_192;

/**
 * An issuer of tokens with the claims `sub`, `tenant_id`, `role` and `exp`, signed by RS256 or EdDSA: whom it
 * lets in, it says itself.
 */
export interface IssuerOptions {
  /** Its claim `iss`; another than `allsource`. */
  readonly issuer: string;
  /** What its claim `aud` must have; default anything. */
  readonly audience?: string | undefined;
  /** Where its public keys are: an https URL that is read again when an unknown key comes, or the set itself. */
  readonly jwks: string | JSONWebKeySet;
}

export interface TokenOptions {
  /** Of HMAC-SHA-256; 32 bytes at least. */
  readonly secret: Uint8Array;
  readonly lifeSeconds: number;
  readonly issuer?: IssuerOptions | undefined;
}

/** What a token says, once its signature and its times were checked. */
export interface TokenClaims {
  readonly tokenId: string | undefined;
  readonly subject: string;
  readonly tenantId: string;
  readonly role: Role;
  /** What the user is called by an issuer outside; else the subject. */
  readonly name: string;
  /** Of a user of the store; undefined where another issuer answers for the token. */
  readonly epoch: number | undefined;
  /** Microseconds since 1970. */
  readonly expiresAt: number;
}

/** JSON Web Tokens: makes those of users, checks theirs and those of another issuer. */
export class Tokens {
  readonly #key: KeyObject;
  readonly #options: TokenOptions;
  /** Of the other issuer. */
  #outerKeys: JWTVerifyGetKey | undefined;
  /** Claims of tokens by their hash: checking a signature takes ten times as long as the hash. */
  readonly #checked = new Map<string, { claims: TokenClaims; until: number }>();

  constructor(options: TokenOptions) {
    this.#options = options;
    this.#key = createSecretKey(options.secret);
  }

  async issue({ user, epoch }: TokenHolder): Promise<{ token: string; expiresAt: number }> {
    const seconds = Math.floor(Date.now() / 1000);
    const expiry = seconds + this.#options.lifeSeconds;
    const { SignJWT } = await loadJose();
    const token = await new SignJWT({ tenant_id: user.tenantId, role: user.role, epoch })
      .setProtectedHeader({ alg: ownAlgorithm, typ: 'JWT' })
      .setSubject(user.id)
      .setIssuer(tokenIssuer)
      .setIssuedAt(seconds)
      .setExpirationTime(expiry)
      .setJti(randomUUID())
      .sign(this.#key);
    return { token, expiresAt: expiry * 1_000_000 };
  }

  /** Claims of a token that was checked not long ago; undefined where it must be checked. */
  known(token: string): TokenClaims | undefined {
    const known = this.#checked.get(hash('sha256', token, 'base64'));
    return known !== undefined && known.until > Date.now() * 1000 ? known.claims : undefined;
  }

  /** Rejects with `unauthenticated`, which says what is wrong, and nothing of the token. */
  async check(token: string): Promise<TokenClaims> {
    if (token.length > tokenCharactersMax) throw refused('it is too long');
    const claims = await this.#claimsOf(token);
    if (this.#checked.size >= checkedMax) this.#forgetOldest();
    this.#checked.set(hash('sha256', token, 'base64'), { claims, until: knownUntil(claims) });
    return claims;
  }

  async #claimsOf(token: string): Promise<TokenClaims> {
    const { issuer: outer } = this.#options;
    const { errors, jwtVerify } = await loadJose();
    try {
      if (outer !== undefined && issuerOf(token) === outer.issuer) {
        const { issuer, audience } = outer;
        const keys = (this.#outerKeys ??= await keysOf(outer));
        const { payload } = await jwtVerify(token, keys, {
          algorithms: outerAlgorithms,
          issuer,
          ...(audience !== undefined && { audience }),
          requiredClaims: ['sub', 'exp'],
          clockTolerance: clockToleranceSeconds,
        });
        return outerClaims(payload);
      }
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [ownAlgorithm],
        issuer: tokenIssuer,
        requiredClaims: ['sub', 'exp', 'iat', 'jti'],
        clockTolerance: clockToleranceSeconds,
      });
      return ownClaims(payload);
    } catch (error) {
      if (error instanceof AllSourceError) throw error;
      if (error instanceof errors.JOSEError) throw refused(reasonOf(error, errors));
      throw error;
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#checked.keys();
    if (oldest !== undefined) this.#checked.delete(oldest);
  }
}

/** Keys of another issuer may be withdrawn. */
function knownUntil({ epoch, expiresAt }: TokenClaims): number {
  return epoch === undefined
    ? Math.min(expiresAt, Date.now() * 1000 + outerKnownMicros)
    : expiresAt;
}

async function keysOf({ jwks }: IssuerOptions): Promise<JWTVerifyGetKey> {
  const { createLocalJWKSet, createRemoteJWKSet } = await loadJose();
  return typeof jwks === 'string' ? createRemoteJWKSet(new URL(jwks)) : createLocalJWKSet(jwks);
}

/** Which keys a token is checked with follows from it; nothing else is believed before that. */
function issuerOf(token: string): string | undefined {
  try {
    const payload: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    );
    if (typeof payload !== 'object' || payload === null || !('iss' in payload)) return undefined;
    return typeof payload.iss === 'string' ? payload.iss : undefined;
  } catch {
    return undefined;
  }
}

function ownClaims(payload: JWTPayload): TokenClaims {
  const { epoch, jti } = payload;
  if (!Number.isSafeInteger(epoch)) throw refused('it has no claim "epoch"');
  const claims = commonClaims(payload);
  return { ...claims, tokenId: jti, epoch: Number(epoch), name: claims.subject };
}

function outerClaims(payload: JWTPayload): TokenClaims {
  const { preferred_username: username, email, jti } = payload;
  const claims = commonClaims(payload);
  const name = [username, email].find((text) => typeof text === 'string') ?? claims.subject;
  return { ...claims, tokenId: jti, epoch: undefined, name: String(name).slice(0, 128) };
}

function commonClaims({ sub, tenant_id: tenantId, role, exp }: JWTPayload) {
  const known = typeof role === 'string' ? roleOf(role) : undefined;
  if (known === undefined) throw refused('its claim "role" is none of the roles');
  if (typeof tenantId !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(tenantId)) {
    throw refused('its claim "tenant_id" names no tenant');
  }
  if (sub === undefined || sub === '' || exp === undefined) {
    throw refused('it has no claim "sub" or "exp"');
  }
  return { subject: sub.slice(0, 256), tenantId, role: known, expiresAt: exp * 1_000_000 };
}

function refused(reason: string): AllSourceError {
  return new AllSourceError('unauthenticated', `the token is not valid: ${reason}`);
}

type Errors = typeof joseErrors;

function reasonOf(error: joseErrors.JOSEError, errors: Errors): string {
  if (error instanceof errors.JWTExpired) return 'it is expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `its claim ${JSON.stringify(error.claim)} is missing or wrong`;
  }
  return 'it is malformed, or signed otherwise';
}
