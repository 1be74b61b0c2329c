import { InvalidArgumentError } from 'commander';
import { compatibilityModes, type CompatibilityMode } from '../../schemas/index.js';

export const expectedMode = `one of ${compatibilityModes.join(', ')}`;

/** An argument parser for modes of compatibility, in whatever case. */
export function compatibilityMode(text: string): CompatibilityMode {
  const wanted = text.toUpperCase();
  const known = compatibilityModes.find((mode) => mode === wanted);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`Expected ${expectedMode}.`);
}
