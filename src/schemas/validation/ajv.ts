import type { Ajv, ErrorObject, KeywordCxt, Options } from 'ajv';
import { canonicalText, type JsonValue } from '../../domain/index.js';
import type { JsonSchema } from '../jsonSchema.js';
import { formats } from './formats.js';
import type { Dialect } from './document/keywords.js';
import { loadAjv, loadAjv2020 } from './libraries.js';
import { uniqueItemsMax } from './limits.js';
import { LinearPattern } from './patterns.js';
import { stepsKeyword, type Steps } from './document/prepareSchema.js';
import { spend, spendOn } from './stepBudget.js';

/** What ajv makes of a schema: false, with `errors`, for a value that is not valid. */
export interface Check {
  (value: JsonValue): boolean;
  errors?: null | ErrorObject[];
}

export interface CheckOptions {
  readonly dialect: Dialect;
  /** Whether it goes on behind the first error. */
  readonly allErrors: boolean;
  /** Whether the schema names what every object of JavaScript has, such as `constructor`. */
  readonly ownProperties: boolean;
  /** Whether a keyword of the schema asks what others have evaluated. */
  readonly hasUnevaluated: boolean;
}

/** Compiles a prepared schema. */
export function compileCheck(schema: JsonSchema, options: CheckOptions): Check {
  const { dialect, allErrors, ownProperties, hasUnevaluated } = options;
  // One for each schema: ajv keeps what it has compiled.
  const ajv = ajvOf(dialect, { ...commonOptions(), allErrors, ownProperties });
  // Else it keeps account of it for nobody.
  ajv.opts.unevaluated = hasUnevaluated;
  ajv.addKeyword({ keyword: stepsKeyword, before: 'type', code: writeSteps });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    errors: false,
    validate: (isWanted: boolean, items: readonly JsonValue[]) => !isWanted || areUnique(items),
  });
  ajv.removeKeyword('multipleOf');
  ajv.addKeyword({
    keyword: 'multipleOf',
    type: 'number',
    schemaType: 'number',
    errors: false,
    validate: (divisor: number, value: number) => isMultiple(value, divisor),
    error: {
      message: 'must be a multiple',
      params: ({ schemaCode }) => loadAjv()._`{multipleOf: ${schemaCode}}`,
    },
  });
  return ajv.compile(schema);
}

function ajvOf(dialect: Dialect, options: Options): Ajv {
  const Class = dialect === 'draft-07' ? loadAjv().Ajv : loadAjv2020().Ajv2020;
  return new Class(options);
}

const commonOptions = (): Options => ({
  // What the standard allows is allowed.
  strict: false,
  meta: false,
  validateSchema: false,
  logger: false,
  // Else a definition is compiled again at each place that names it.
  inlineRefs: false,
  formats: Object.fromEntries(formats()),
  code: {
    optimize: false,
    regExp: Object.assign((pattern: string) => new LinearPattern(pattern), {
      code: 'linearPattern',
    }),
  },
});

function writeSteps({ gen, data, schema }: KeywordCxt): void {
  const { fixed, perCharacter, perName } = schema as Steps; // prepareSchema wrote it.
  const call = gen.scopeValue('func', { ref: spendOn });
  const { _ } = loadAjv();
  gen.code(_`${call}(${data}, ${fixed}, ${perCharacter}, ${perName})`);
}

/** Exact for whole numbers; ajv takes no quotient from 10²¹ on. */
function isMultiple(value: number, divisor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(divisor)) return value % divisor === 0;
  return Number.isInteger(value / divisor);
}

/** In linear time; that of ajv is quadratic in the items. */
function areUnique(items: readonly JsonValue[]): boolean {
  // Then `maxItems` has said so.
  if (items.length > uniqueItemsMax) return true;
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonicalText(item);
    if (text === undefined) continue;
    spend(text.length);
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

let metaSchemas: Record<Dialect, Ajv> | undefined;

/** What the meta-schema of the draft finds wrong in a schema. */
export function metaSchemaErrors(schema: JsonSchema, dialect: Dialect): readonly ErrorObject[] {
  const options: Options = { strict: false, logger: false, validateFormats: false };
  metaSchemas ??= {
    'draft-07': ajvOf('draft-07', options),
    '2020-12': ajvOf('2020-12', options),
  };
  const ajv = metaSchemas[dialect];
  return ajv.validate(metaSchemaUris[dialect], schema) === true ? [] : (ajv.errors ?? []);
}

const metaSchemaUris: Record<Dialect, string> = {
  'draft-07': 'http://json-schema.org/draft-07/schema',
  '2020-12': 'https://json-schema.org/draft/2020-12/schema',
};
