import { describe, expect, it } from 'vitest';
import { checkSchemaDocument, trialCompile } from '../../src/schemas/index.js';
import { chain } from './support.js';

describe('trialCompile', () => {
  it('resolves for a schema that compiles', async () => {
    const schema = checkSchemaDocument({ properties: { a: { pattern: '^a' } }, required: ['a'] });
    await expect(trialCompile(schema)).resolves.toBeUndefined();
  });

  it('ends a compilation that takes too long', async () => {
    const trial = trialCompile({ type: 'object' }, { timeoutMs: 1, field: 'schemas[0]' });
    await expect(trial).rejects.toMatchObject({
      code: 'validation_error',
      message:
        'schemas[0]: expected a schema that compiles, got: it takes more than 1 ms; make it simpler',
    });
  });

  it('refuses a schema that needs more of the stack than there is', async () => {
    const trial = trialCompile(checkSchemaDocument(chain(250)));
    await expect(trial).rejects.toMatchObject({
      code: 'validation_error',
      message: expect.stringContaining('call stack') as string,
    });
  });
});
