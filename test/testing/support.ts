import { AssertionError } from 'node:assert';

/** The assertion that a check fails with; fails where it does not. */
export async function failureOf(check: Promise<void>): Promise<AssertionError> {
  try {
    await check;
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw error;
  }
  throw new Error('expected the check to fail, but it passed');
}

export const messageOf = async (check: Promise<void>): Promise<string> =>
  (await failureOf(check)).message;
