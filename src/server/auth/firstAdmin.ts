import { randomBytes } from 'node:crypto';
import { AllSourceError } from '../../domain/index.js';
import type { EmbeddedStore } from '../../store/index.js';

export const firstUsername = 'admin';
const randomBytesMin = 18;

function randomPassword(charactersMin: number): string {
  const bytes = Math.max(randomBytesMin, Math.ceil((charactersMin * 3) / 4));
  return randomBytes(bytes).toString('base64url');
}

/**
 * Makes the first administrator where there is no user at all: with the password that was configured, or
 * with a random one, which is told this once.
 */
export async function makeFirstAdmin(
  { users, readOnly }: Pick<EmbeddedStore, 'users' | 'readOnly'>,
  { password, tell }: { password: string | undefined; tell: (password: string) => void },
): Promise<void> {
  if (readOnly || users.count > 0) return;
  const chosen = password ?? randomPassword(users.passwordCharactersMin);
  try {
    await users.create({ username: firstUsername, password: chosen, role: 'admin' });
  } catch (error) {
    if (!(error instanceof AllSourceError) || error.code !== 'validation_error') throw error;
    throw new AllSourceError('invalid_configuration', `auth.adminPassword: ${error.message}`);
  }
  if (password === undefined) tell(chosen);
}
