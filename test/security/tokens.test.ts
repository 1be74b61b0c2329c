import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT, exportJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { bodyOf } from '../http/support.js';
import { callAs, login, startSecured } from './support.js';
import type { SecuredTarget } from './support.js';

const secret = 'a secret of at least thirty-two bytes, for tests';
const key = Buffer.from(secret);

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A token put together by hand, as a library would refuse to. */
function forged(header: object, claims: object, signature?: (text: string) => string): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${signature?.(text) ?? ''}`;
}

function hmac(secretBytes: Buffer | string): (text: string) => string {
  return (text) => createHmac('sha256', secretBytes).update(text).digest('base64url');
}

const seconds = () => Math.floor(Date.now() / 1000);

/** What a token of the administrator says. */
async function claimsOfAdmin(target: SecuredTarget): Promise<Record<string, unknown>> {
  const token = String(bodyOf(await login(target))['token']);
  const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return JSON.parse(text) as Record<string, unknown>;
}

function statusOf(target: SecuredTarget, credential: string): Promise<number> {
  return callAs(target, { path: '/api/v1/auth/me', credential }).then(({ status }) => status);
}

const hs256 = { alg: 'HS256', typ: 'JWT' };

describe('a token', () => {
  it('is taken as it was given, and as whoever has the secret makes it', async () => {
    const target = await startSecured({ jwtSecret: secret });
    const claims = await claimsOfAdmin(target);
    expect(Object.keys(claims).sort()).toEqual(
      ['epoch', 'exp', 'iat', 'iss', 'jti', 'role', 'sub', 'tenant_id'].sort(),
    );
    expect(await statusOf(target, forged(hs256, claims, hmac(key)))).toBe(200);
  });

  it('is refused where it was forged, whichever way', async () => {
    const target = await startSecured({ jwtSecret: secret });
    const claims = await claimsOfAdmin(target);
    const { jti: _, ...withoutId } = claims;
    const { exp: __, ...withoutEnd } = claims;
    const { epoch: ___, ...withoutEpoch } = claims;
    const { sub: ____, ...withoutSubject } = claims;
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const attacks: Record<string, string> = {
      'no signature, alg none': forged({ alg: 'none' }, claims),
      'alg None': forged({ alg: 'None' }, claims),
      'alg none with a signature': forged({ alg: 'none' }, claims, hmac(key)),
      'no signature': forged(hs256, claims),
      'another secret': forged(hs256, claims, hmac('another secret that has thirty-two bytes')),
      'an empty secret': forged(hs256, claims, hmac('')),
      'a public key as the secret': forged({ alg: 'RS256' }, claims, hmac(pem)),
      'HS256 claimed as HS512': forged({ alg: 'HS512' }, claims, hmac(key)),
      'a key of its own': forged(
        { ...hs256, jwk: { kty: 'oct', k: 'AAAA' } },
        claims,
        hmac('\0\0\0'),
      ),
      'an unknown critical header': forged({ ...hs256, crit: ['x'], x: 1 }, claims, hmac(key)),
      'another user': forged(hs256, { ...claims, sub: 'someone' }, hmac(key)),
      'another issuer': forged(hs256, { ...claims, iss: 'someone' }, hmac(key)),
      'no issuer': forged(hs256, { ...claims, iss: undefined }, hmac(key)),
      'no end': forged(hs256, withoutEnd, hmac(key)),
      'no id': forged(hs256, withoutId, hmac(key)),
      'no subject': forged(hs256, withoutSubject, hmac(key)),
      'no epoch': forged(hs256, withoutEpoch, hmac(key)),
      'an epoch to come': forged(hs256, { ...claims, epoch: 2 }, hmac(key)),
      'a role that is none': forged(hs256, { ...claims, role: 'god' }, hmac(key)),
      'a tenant that is the system': forged(hs256, { ...claims, tenant_id: '$system' }, hmac(key)),
      expired: forged(hs256, { ...claims, exp: seconds() - 60 }, hmac(key)),
      'to be used later': forged(hs256, { ...claims, nbf: seconds() + 600 }, hmac(key)),
      'changed behind the signature': changed(forged(hs256, claims, hmac(key))),
      'two dots': '..',
      'four parts': `${forged(hs256, claims, hmac(key))}.x`,
      'not base64': 'ä.ö.ü',
    };
    for (const [name, token] of Object.entries(attacks)) {
      expect([name, await statusOf(target, encodeURI(token))]).toEqual([name, 401]);
    }
    expect(await statusOf(target, forged(hs256, claims, hmac(key)))).toBe(200);
  });

  it('that says another role or tenant than its user has is that of the user', async () => {
    const target = await startSecured({ jwtSecret: secret });
    await target.store.tenants.create({ id: 'acme' });
    const ada = { username: 'ada', password: 'twelve characters', tenantId: 'acme' };
    await target.store.users.create({ ...ada, role: 'readonly' });
    const token = String(bodyOf(await login(target, ada))['token']);
    const claims = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    ) as object;
    const raised = { ...claims, role: 'admin', tenant_id: 'default' };
    const credential = forged(hs256, raised, hmac(key));
    const answer = await callAs(target, { path: '/api/v1/auth/me', credential });
    expect(bodyOf(answer)).toMatchObject({ role: 'readonly', tenant_id: 'acme' });
  });

  it('of another store is refused, and of the same one taken after a restart', async () => {
    const [one, other] = [await startSecured(), await startSecured()];
    const token = String(bodyOf(await login(one))['token']);
    expect(await statusOf(one, token)).toBe(200);
    expect(await statusOf(other, token)).toBe(401);
  });

  it('is not made with a short secret', async () => {
    await expect(startSecured({ jwtSecret: 'x'.repeat(31) })).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringMatching(
        /auth\.jwt_secret: expected at least 32 bytes, got 31/,
      ) as unknown,
    });
  });
});

function changed(token: string): string {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const text = Buffer.from(claims, 'base64url').toString().replace('"HS', '"XS');
  const other = Buffer.from(text.replace(/"iat":\d+/, '"iat":1')).toString('base64url');
  return `${header}.${other}.${signature}`;
}

describe('a token of another issuer', () => {
  const issuer = 'https://login.example.com/';

  async function withIssuer(alg: 'RS256' | 'EdDSA') {
    const { publicKey, privateKey } =
      alg === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ed25519');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg, use: 'sig' };
    const target = await startSecured({
      jwtSecret: secret,
      issuer: { issuer, audience: 'events', jwks: { keys: [jwk] } },
    });
    await target.store.tenants.create({ id: 'acme' });
    const sign = (
      claims: Record<string, unknown> = {},
      other: { iss?: string; aud?: string } = {},
    ) =>
      new SignJWT({ tenant_id: 'acme', role: 'developer', ...claims })
        .setProtectedHeader({ alg, kid: 'one' })
        .setSubject('ada')
        .setIssuer(other.iss ?? issuer)
        .setAudience(other.aud ?? 'events')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey);
    return { target, sign, publicKey };
  }

  it.each(['RS256', 'EdDSA'] as const)('signed by %s is taken', async (alg) => {
    const { target, sign } = await withIssuer(alg);
    const credential = await sign({ preferred_username: 'Ada' });
    const answer = await callAs(target, { path: '/api/v1/auth/me', credential });
    expect(bodyOf(answer)).toMatchObject({ username: 'Ada', role: 'developer', tenant_id: 'acme' });
  });

  it('is refused for another audience, issuer, role or tenant, and where it is forged', async () => {
    const { target, sign, publicKey } = await withIssuer('RS256');
    const claims = {
      tenant_id: 'acme',
      role: 'admin',
      sub: 'ada',
      iss: issuer,
      aud: 'events',
      exp: seconds() + 300,
    };
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const der = publicKey.export({ type: 'spki', format: 'der' });
    const attacks: Record<string, string> = {
      audience: await sign({}, { aud: 'others' }),
      issuer: await sign({}, { iss: 'https://other.example.com/' }),
      'issuer of the store': await sign({}, { iss: 'allsource' }),
      role: await sign({ role: 'god' }),
      tenant: await sign({ tenant_id: '$system' }),
      'no tenant': await sign({ tenant_id: undefined }),
      'HS256 with the public key': forged({ alg: 'HS256', kid: 'one' }, claims, hmac(pem)),
      'HS256 with its bytes': forged({ alg: 'HS256', kid: 'one' }, claims, hmac(der)),
      'HS256 with the secret of the store': forged(hs256, claims, hmac(key)),
      none: forged({ alg: 'none' }, claims),
    };
    for (const [name, token] of Object.entries(attacks)) {
      expect([name, await statusOf(target, token)]).toEqual([name, 401]);
    }
    expect(await statusOf(target, await sign())).toBe(200);
    await target.store.tenants.deactivate('acme');
    expect(await statusOf(target, await sign())).toBe(403);
  });
});
