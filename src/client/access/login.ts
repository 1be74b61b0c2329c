import type { User } from '../../access/index.js';
import { parseTimestamp } from '../../domain/index.js';
import { Connection } from '../connection.js';
import type { ClientOptions } from '../types.js';
import type { WireUser } from '../wire/accessDocuments.js';

export interface Login {
  /** For `connect`. */
  readonly token: string;
  /** Microseconds since 1970. */
  readonly expiresAt: number;
  readonly user: Pick<User, 'id' | 'username' | 'email' | 'role' | 'tenantId'>;
}

interface WireLogin {
  readonly token: string;
  readonly expires_at: string;
  readonly user: Pick<WireUser, 'id' | 'username' | 'email' | 'role' | 'tenant_id'>;
}

/**
 * A token for a name and a password, for `connect`. Rejects with `unauthenticated`, with `rate_limited`
 * after too many failures, and with `unprocessable` where the server asks nobody who they are.
 *
 * @example
 * const { token } = await login('https://events.example.com', { username: 'ada', password });
 * const store = connect('https://events.example.com', { token });
 */
export async function login(
  url: string | URL,
  { username, password }: { readonly username: string; readonly password: string },
  options: Omit<ClientOptions, 'token'> = {},
): Promise<Login> {
  const connection = new Connection(url, options);
  try {
    const request = { body: { username, password }, isRepeatable: false };
    const answer = await connection.post<WireLogin>('/api/v1/auth/login', request);
    const { tenant_id: tenantId, ...user } = answer.user;
    return {
      token: answer.token,
      expiresAt: parseTimestamp(answer.expires_at, 'expires_at'),
      user: { ...user, tenantId },
    };
  } finally {
    await connection.close();
  }
}
