import { AllSourceError, Turns, fieldError } from '../../domain/index.js';

/** Of characters, and of bytes. */
const charactersMinDefault = 12;
const charactersMinRange = { min: 8, max: 128 };
const bytesMax = 1_024;

/**
 * Each takes 19 MiB and about 40 ms of a thread of the pool, which files need, too: few at a time, and
 * not many that wait, so that whoever guesses passwords holds nothing up.
 */
const turns = new Turns({ atOnce: 2, waitingMax: 64, name: 'passwords' });

/** Loaded with the first password: who has no users does not need it. */
const argon2 = () => import('@node-rs/argon2');

/** Hashes are argon2id with 19 MiB, 2 passes and 1 lane: the OWASP Password Storage Cheat Sheet. */
const strength = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Characters that passwords have at least; throws `invalid_configuration`. */
export function checkedPasswordMin(charactersMin: number = charactersMinDefault): number {
  const { min, max } = charactersMinRange;
  const isWhole = Number.isSafeInteger(charactersMin);
  if (isWhole && charactersMin >= min && charactersMin <= max) return charactersMin;
  throw new AllSourceError(
    'invalid_configuration',
    `passwordCharactersMin: expected a whole number from ${min} to ${max}, got ${charactersMin}`,
  );
}

/** Throws `validation_error`, which does not tell the password. */
export function checkPassword(password: string, charactersMin: number): void {
  if (typeof password !== 'string') {
    throw fieldError('validation_error', 'password', 'expected a text');
  }
  const characters = [...password].length;
  if (characters < charactersMin) {
    const expected = `expected at least ${charactersMin} characters, got ${characters}`;
    throw fieldError('validation_error', 'password', expected);
  }
  if (Buffer.byteLength(password) > bytesMax) {
    throw fieldError('validation_error', 'password', `expected at most ${bytesMax} bytes`);
  }
}

/** Rejects with `overloaded` where too many wait. */
export function hashPassword(password: string): Promise<string> {
  return turns.run(async () => (await argon2()).hash(password, strength), undefined);
}

let nobody: Promise<string> | undefined;

/**
 * Whether it is the password of a hash. Without one the answer is no, after the same time, so that time
 * does not tell which names there are.
 */
export async function isPassword(password: string, known: string | undefined): Promise<boolean> {
  if (typeof password !== 'string' || Buffer.byteLength(password) > bytesMax) return false;
  nobody ??= hashPassword('nobody has this one');
  const other = await nobody;
  const verify = async () => (await argon2()).verify(known ?? other, password);
  const isRight = await turns.run(verify, undefined);
  return isRight && known !== undefined;
}
