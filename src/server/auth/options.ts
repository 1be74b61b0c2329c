import type { IssuerOptions } from '../../access/index.js';
import { AllSourceError } from '../../domain/index.js';
import { checkedSecret } from './secret.js';

/** How callers say who they are. */
export interface AuthOptions {
  /** Tokens are signed with it, 32 bytes at least; default one that is made and kept in the data directory. */
  readonly jwtSecret?: string | undefined;
  /** Life of a token, 60-31 536 000; default 86 400 (24 hours). */
  readonly tokenLifeSeconds?: number | undefined;
  /** Of the user `admin`, who is made where there are no users; default a random one, told on stderr once. */
  readonly adminPassword?: string | undefined;
  /** Tokens of another issuer are taken, too. */
  readonly issuer?: IssuerOptions | undefined;
}

export interface AuthSettings extends AuthOptions {
  readonly tokenLifeSeconds: number;
}

const lifeDefault = 86_400;
const lifeMin = 60;
const lifeMax = 31_536_000;
const optionNames = new Set(['jwtSecret', 'tokenLifeSeconds', 'adminPassword', 'issuer']);

/** Throws `invalid_configuration`. */
export function resolveAuthOptions(options: AuthOptions): AuthSettings {
  const unknown = Object.keys(options).find((name) => !optionNames.has(name));
  if (unknown !== undefined) throw invalid(unknown, 'not an option of auth');
  const { jwtSecret, tokenLifeSeconds = lifeDefault, issuer } = options;
  if (jwtSecret !== undefined) checkedSecret(jwtSecret);
  const isLife = Number.isSafeInteger(tokenLifeSeconds);
  if (!isLife || tokenLifeSeconds < lifeMin || tokenLifeSeconds > lifeMax) {
    const expected = `expected a whole number from ${lifeMin} to ${lifeMax}`;
    throw invalid('token_life_seconds', `${expected}, got ${tokenLifeSeconds}`);
  }
  if (issuer !== undefined) checkIssuer(issuer);
  return { ...options, tokenLifeSeconds };
}

function checkIssuer({ issuer, jwks }: IssuerOptions): void {
  if (typeof issuer !== 'string' || issuer === '' || issuer === 'allsource') {
    throw invalid('issuer', 'expected the name of another issuer than allsource');
  }
  if (typeof jwks !== 'string') return;
  if (!URL.canParse(jwks) || new URL(jwks).protocol !== 'https:') {
    throw invalid('jwks', 'expected an https URL, or a JSON Web Key Set');
  }
}

function invalid(name: string, reason: string): AllSourceError {
  return new AllSourceError('invalid_configuration', `auth.${name}: ${reason}`);
}
