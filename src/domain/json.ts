import { AllSourceError } from './errors.js';

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

/** Whether JSON keeps a value as it is; members that are undefined are as good as not there. */
export function isJsonValue(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || isJsonObject(value);
    default:
      return false;
  }
}

function isJsonObject(value: object): boolean {
  if (Array.isArray(value)) return value.every(isJsonValue);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every((member) => member === undefined || isJsonValue(member));
}
