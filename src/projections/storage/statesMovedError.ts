import type { StateSpace } from './types.js';

/** The states are not those that the changes were made of: they are read again, and the changes made anew. */
export class StatesMovedError extends Error {
  override readonly name = 'StatesMovedError';

  constructor({ projection }: StateSpace, expected: number, position: number) {
    super(
      `the states of projection ${projection} were expected at position ${expected} and are at ${position}: ` +
        'they were restored, or somebody else writes them',
    );
  }
}
