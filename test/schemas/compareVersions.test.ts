import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/index.js';
import { checkSchemaDocument, compareVersions } from '../../src/schemas/index.js';
import { turn } from '../support/store.js';

/** Members that lead to others of as many: two graphs of sizes without a common divisor are entangled. */
const graph = (count: number, type: string): JsonObject => ({
  $ref: '#/$defs/n0',
  $defs: Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `n${at}`,
      {
        type: 'object',
        properties: {
          a: { $ref: `#/$defs/n${(at + 1) % count}` },
          b: { $ref: `#/$defs/n${(at * 7 + 3) % count}` },
          value: { type },
        },
      },
    ]),
  ),
});

const entangled = {
  earlier: { version: 3, schema: checkSchemaDocument(graph(97, 'integer')) },
  next: checkSchemaDocument(graph(89, 'string')),
};
const { earlier, next } = entangled;

describe('compareVersions', () => {
  it('tells what is not compatible, of which version, and where patterns match', async () => {
    const before = { version: 7, schema: { enum: ['a1', 'b2'] } };
    const found = await compareVersions(before, { pattern: '^[a-c]\\d$' }, { mode: 'BACKWARD' });
    expect(found).toEqual([]);
    const refused = await compareVersions(before, { pattern: '^a' }, { mode: 'BACKWARD' });
    expect(refused).toMatchObject([{ version: 7, direction: 'backward' }]);
  });

  it('lets all other work go on', async () => {
    // So that the time of its start does not count.
    await compareVersions({ version: 1, schema: true }, true, { mode: 'FULL' });
    let turns = 0;
    let isDone = false;
    const compared = compareVersions(earlier, next, { mode: 'FULL' }).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await turn();
      turns += 1;
    }
    expect(await compared).toMatchObject([
      { kind: 'undecidable', direction: 'backward', version: 3 },
      { kind: 'undecidable', direction: 'forward', version: 3 },
    ]);
    // Some to get there and back; a comparison of this thread would take one of them.
    expect(turns).toBeGreaterThan(1_000);
  });

  it('takes what has to be ended for undecidable, and goes on with what waits behind', async () => {
    const [ended, after] = await Promise.all([
      compareVersions(earlier, next, { mode: 'FULL', timeoutMs: 1 }),
      compareVersions({ version: 1, schema: true }, { type: 'string' }, { mode: 'BACKWARD' }),
    ]);
    expect(ended).toEqual([
      {
        ...{ version: 3, pointer: '', kind: 'undecidable', direction: 'backward' },
        ...{ was: undefined, is: undefined },
        advice:
          'comparing with this version failed: it takes more than 1 ms; make the schemas simpler',
      },
    ]);
    expect(after).toMatchObject([{ version: 1, kind: 'type_narrowed' }]);
  });
});
