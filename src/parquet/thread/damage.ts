import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { AllSourceError } from '../../domain/index.js';
import { isMissing } from '../../files/index.js';
import type { PlacedFile } from '../types.js';

/** A file of the tier is not as it was written. */
export class DamagedFileError extends AllSourceError {
  constructor(name: string, damage: string) {
    super(
      'storage_damaged',
      `the Parquet file ${name} is damaged: ${damage}; what the log has no more comes back from a backup`,
    );
  }
}

/** Null where a file is as it was written. */
export async function damageOf({ path, sha256 }: PlacedFile): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (isMissing(error)) return 'is missing';
    throw error;
  }
  const found = hash.digest('hex');
  return found === sha256 ? null : `SHA-256 is ${found}, was ${sha256}`;
}
