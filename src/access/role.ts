import { fieldError, roleNames, roleOf } from '../domain/index.js';
import type { Role } from '../domain/index.js';

/** Throws `validation_error`. */
export function checkedRole(name: string): Role {
  const role = typeof name === 'string' ? roleOf(name) : undefined;
  if (role !== undefined) return role;
  const expected = `expected one of ${roleNames.join(', ')}, got ${JSON.stringify(name)}`;
  throw fieldError('validation_error', 'role', expected);
}
