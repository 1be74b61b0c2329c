import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AllSourceError } from '../../domain/index.js';

const secretBytesMin = 32;
const fileName = 'jwt-secret';
const ownerOnly = 0o600;

interface SecretPlace {
  /** What was configured. */
  readonly secret: string | undefined;
  /** Null: the store is in memory. */
  readonly dataDir: string | null;
}

/**
 * The secret that tokens are signed with: the one that was configured, else that of the data directory,
 * which is made on the first start and readable by its owner only. Rejects with `invalid_configuration`.
 */
export async function tokenSecret({ secret, dataDir }: SecretPlace): Promise<Uint8Array> {
  if (secret !== undefined) return checkedSecret(secret);
  if (dataDir === null) return randomBytes(secretBytesMin);
  const file = join(dataDir, fileName);
  return (await existing(file)) ?? (await made(file));
}

/** Throws `invalid_configuration`; the message does not have it. */
export function checkedSecret(secret: string): Uint8Array {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length >= secretBytesMin) return bytes;
  throw new AllSourceError(
    'invalid_configuration',
    `auth.jwt_secret: expected at least ${secretBytesMin} bytes, got ${bytes.length}; ` +
      'leave it out to have one made and kept in the data directory',
  );
}

async function existing(file: string): Promise<Uint8Array | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new AllSourceError('invalid_configuration', `${file}: cannot be read`, { cause: error });
  }
  const bytes = Buffer.from(text.trim(), 'base64url');
  if (bytes.length >= secretBytesMin) return bytes;
  throw new AllSourceError(
    'invalid_configuration',
    `${file}: expected the secret of tokens; remove it to have another one made, which ends all sessions`,
  );
}

async function made(file: string): Promise<Uint8Array> {
  const bytes = randomBytes(secretBytesMin);
  try {
    const handle = await open(file, 'wx', ownerOnly);
    try {
      await handle.writeFile(`${bytes.toString('base64url')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return bytes;
  } catch (error) {
    const other = isCode(error, 'EEXIST') ? await existing(file) : undefined;
    if (other !== undefined) return other;
    throw new AllSourceError('invalid_configuration', `${file}: cannot be written`, {
      cause: error,
    });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
