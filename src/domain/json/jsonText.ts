import { AllSourceError } from '../errors.js';

/** JSON text of an object or array, or `validation_error` where it can't be written as JSON. */
export function toJsonText(value: unknown, what: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AllSourceError('validation_error', `${what} can't be written as JSON: ${reason}`);
  }
  if (text !== undefined && typeof value === 'object') return text;
  throw new AllSourceError('validation_error', `${what}: expected an object, got ${typeof value}`);
}
