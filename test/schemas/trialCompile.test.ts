import { describe, expect, it } from 'vitest';
import { checkSchemaDocument, trialCompile } from '../../src/schemas/index.js';
import { chain } from './support.js';

/** Takes some 100 ms to compile. */
const large = checkSchemaDocument({
  properties: Object.fromEntries(
    Array.from({ length: 800 }, (_, i) => [`p${i}`, { type: 'object', minProperties: i }]),
  ),
});

describe('trialCompile', () => {
  it('resolves for a schema that compiles', async () => {
    const schema = checkSchemaDocument({ properties: { a: { pattern: '^a' } }, required: ['a'] });
    await expect(trialCompile(schema)).resolves.toBeUndefined();
  });

  it('ends a compilation that takes too long', async () => {
    const trial = trialCompile(large, { timeoutMs: 1, field: 'schemas[0]' });
    await expect(trial).rejects.toMatchObject({
      code: 'validation_error',
      message:
        'schemas[0]: expected a schema that compiles, got: it takes more than 1 ms; make it simpler',
    });
  });

  it('goes on with the schemas that wait behind one that is ended', async () => {
    const trials = [
      trialCompile({ type: 'object' }),
      trialCompile(large, { timeoutMs: 1 }),
      trialCompile({ type: 'string' }),
    ];
    const settled = await Promise.allSettled(trials);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('refuses a schema that needs more of the stack than there is', async () => {
    const trial = trialCompile(checkSchemaDocument(chain(250)));
    await expect(trial).rejects.toMatchObject({
      code: 'validation_error',
      message: expect.stringContaining('call stack') as string,
    });
  });
});
