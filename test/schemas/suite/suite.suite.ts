import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AllSourceError, type JsonObject, type JsonValue } from '../../../src/domain/index.js';
import { checkSchemaDocument, compileSchema, type JsonSchema } from '../../../src/schemas/index.js';
import { caseCounts, deviations, refusals, type Draft } from './expected.js';

// The official suite, of Debian's libtest-json-schema-acceptance-perl.
const folder = '/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests';

const drafts: Record<Draft, string> = {
  draft7: 'http://json-schema.org/draft-07/schema#',
  'draft2020-12': 'https://json-schema.org/draft/2020-12/schema',
};

interface Group {
  readonly description: string;
  readonly schema: JsonSchema;
  readonly tests: readonly {
    readonly description: string;
    readonly data: JsonValue;
    readonly valid: boolean;
  }[];
}

it('is installed: apt-get install libtest-json-schema-acceptance-perl', () => {
  expect(existsSync(folder)).toBe(true);
});

describe.each(Object.keys(drafts) as Draft[])('%s', (draft) => {
  const outcome = runDraft(draft);

  it('answers all cases as the standard says, but for the optional ones that are named', () => {
    expect(outcome.wrong.filter((name) => !name.startsWith('optional/'))).toEqual([]);
    expect(outcome.wrong).toEqual(deviations[draft].flatMap(({ cases }) => cases).sort());
  });

  it('refuses the schemas that are named, for the reason that is named', () => {
    const expected = refusals[draft].flatMap(({ groups, sentence }) =>
      groups.map((group) => ({ group, sentence })),
    );
    expect([...outcome.refused.keys()].sort()).toEqual(expected.map(({ group }) => group).sort());
    for (const { group, sentence } of expected) {
      expect(outcome.refused.get(group), group).toContain(sentence);
    }
  });

  it('has answered all cases of the other schemas', () => {
    expect(outcome.cases).toBe(caseCounts[draft]);
  });
});

interface Outcome {
  /** Cases that were answered. */
  cases: number;
  readonly wrong: string[];
  /** Message by group. */
  readonly refused: Map<string, string>;
}

function runDraft(draft: Draft): Outcome {
  const outcome: Outcome = { cases: 0, wrong: [], refused: new Map() };
  for (const path of ['', 'optional', 'optional/format'].flatMap((at) => filesIn(draft, at))) {
    // The suite is what it is.
    const groups = JSON.parse(readFileSync(join(folder, draft, path), 'utf8')) as readonly Group[];
    for (const group of groups) runGroup(group, { draft, path, outcome });
  }
  outcome.wrong.sort();
  return outcome;
}

function filesIn(draft: Draft, path: string): string[] {
  if (!existsSync(join(folder, draft, path))) return [];
  const names = readdirSync(join(folder, draft, path)).sort();
  return names.filter((name) => name.endsWith('.json')).map((name) => join(path, name));
}

function runGroup(
  { description, schema, tests }: Group,
  run: { readonly draft: Draft; readonly path: string; readonly outcome: Outcome },
): void {
  const { outcome } = run;
  const name = `${run.path}: ${description}`;
  try {
    const validator = compileSchema(checkSchemaDocument(bounded(schema, drafts[run.draft])));
    for (const test of tests) {
      outcome.cases += 1;
      const isValid = validator.validate(test.data).length === 0;
      if (isValid !== test.valid) outcome.wrong.push(`${name}: ${test.description}`);
    }
  } catch (error) {
    if (!(error instanceof AllSourceError) || error.code !== 'validation_error') throw error;
    outcome.refused.set(name, error.message);
  }
}

/** The schema with the draft that its folder means, and with the bound that `uniqueItems` needs. */
function bounded(schema: JsonSchema, $schema: string): JsonSchema {
  if (typeof schema === 'boolean') return schema;
  const bound: JsonObject =
    schema['uniqueItems'] === true && schema['maxItems'] === undefined ? { maxItems: 100 } : {};
  return { $schema, ...schema, ...bound };
}
