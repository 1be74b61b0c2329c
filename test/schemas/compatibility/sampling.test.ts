import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AllSourceError } from '../../../src/domain/index.js';
import type { JsonValue } from '../../../src/domain/index.js';
import type { JsonSchema } from '../../../src/schemas/index.js';
import {
  checkSchemaDocument,
  compatibilityFindings,
  compileSchema,
} from '../../../src/schemas/index.js';
import { Instances } from './instances.js';
import { mutate } from './mutation.js';
import { Random } from './random.js';
import { documentOf, schemas } from './randomSchemas.js';
import type { Draft } from './randomSchemas.js';

/** More with SCHEMA_PAIRS=100000; a failed run prints its seed, for SCHEMA_SEED. */
const pairs = Number(process.env['SCHEMA_PAIRS'] ?? 500);
const seed = Number(process.env['SCHEMA_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const instancesPerPair = 60;

const drafts = fc.constantFrom<readonly [Draft, Draft]>(
  ['2020-12', '2020-12'],
  ['draft-07', 'draft-07'],
  ['draft-07', '2020-12'],
);

const pair = fc
  .record({
    base: schemas,
    one: schemas,
    extra: schemas,
    drafts,
    mutation: fc.nat(),
    instances: fc.nat(),
    hasMatcher: fc.boolean(),
  })
  .map(({ base, one, extra, drafts: [older, newer], mutation, ...rest }) => {
    const random = new Random(mutation);
    // Now and then only what references lead to.
    const isBehindReference = random.chance(0.15);
    const [next, nextOne] = [
      isBehindReference ? base : mutate(base, extra, random),
      isBehindReference || random.chance(0.3) ? mutate(one, extra, random) : one,
    ];
    return {
      previous: documentOf(base, one, older),
      next: documentOf(next, nextOne, newer),
      ...rest,
    };
  })
  // What is refused at the door is never compared.
  .filter(({ previous, next }) => isTaken(previous) && isTaken(next));

const counts = { compatible: 0, withInstance: 0, decided: 0, confirmed: 0, undecidable: 0 };

it(
  'calls no pair compatible that an instance contradicts',
  () => {
    const property = fc.property(pair, ({ previous, next, instances, hasMatcher }) => {
      const matches = (pattern: string, text: string): boolean =>
        new RegExp(pattern, 'u').test(text);
      const found = compatibilityFindings(previous, next, {
        mode: 'FULL',
        ...(hasMatcher ? { matches } : {}),
      });
      const drawn = new Instances([previous, next], new Random(instances));
      const [before, after] = [validatorOf(previous), validatorOf(next)];
      for (const direction of ['backward', 'forward'] as const) {
        const kinds = found.filter((one) => one.direction === direction).map(({ kind }) => kind);
        const [given, demand] = direction === 'backward' ? [before, after] : [after, before];
        const contradiction = sample(drawn, given, demand);
        count(kinds, contradiction);
        if (kinds.length === 0 && contradiction.value !== undefined) {
          throw new Error(`${direction}: contradicted by ${contradiction.value}`);
        }
      }
    });
    fc.assert(property, { numRuns: pairs, seed });
    console.log(`seed ${seed}: ${JSON.stringify(counts)}`);
    // Else the test would say nothing.
    expect(counts.withInstance / pairs).toBeGreaterThan(0.2);
    expect(counts.confirmed / pairs).toBeGreaterThan(0.2);
  },
  pairs * 600 + 60_000,
);

function count(kinds: readonly string[], { value, hasValid }: Sampled): void {
  if (kinds.length === 0) counts.compatible += 1;
  else if (kinds.every((kind) => kind === 'undecidable')) counts.undecidable += 1;
  else counts.decided += 1;
  if (kinds.length === 0 && hasValid) counts.withInstance += 1;
  if (kinds.length > 0 && value !== undefined) counts.confirmed += 1;
}

interface Sampled {
  /** An instance of one that is no instance of the other. */
  readonly value: string | undefined;
  readonly hasValid: boolean;
}

function sample(drawn: Instances, given: Check, demand: Check): Sampled {
  let hasValid = false;
  for (let left = instancesPerPair; left > 0; left -= 1) {
    const value = drawn.draw();
    if (!given(value)) continue;
    hasValid = true;
    if (!demand(value)) return { value: JSON.stringify(value), hasValid };
  }
  return { value: undefined, hasValid };
}

type Check = (value: JsonValue) => boolean;

/** As an append is checked. */
function validatorOf(schema: JsonSchema): Check {
  const validator = compileSchema(checkSchemaDocument(schema));
  return (value) => validator.validate(value).length === 0;
}

function isTaken(schema: JsonSchema): boolean {
  try {
    checkSchemaDocument(schema);
    return true;
  } catch (error) {
    if (error instanceof AllSourceError && error.code === 'validation_error') return false;
    throw error;
  }
}
