import type { JsonValue } from '../../domain/index.js';
import type { JsonSchema } from '../jsonSchema.js';
import { compileCheck, type Check, type CheckOptions } from './ajv.js';
import { appendStepsMax, furtherStepsMax, validationStepsMax } from './limits.js';
import { readSchema } from './document/readSchema.js';
import { hasUnevaluated } from './document/prepareSchema.js';
import { refuseFor } from './document/refusal.js';
import { budget, StepsSpentError, type StepAllowance } from './stepBudget.js';
import { violationsOf, type SchemaViolation } from './violations.js';

export interface Validator {
  /**
   * What the payload breaks, at most 20 violations; empty where it is valid. What it takes is taken from
   * the allowance; a payload that takes more than is left is refused. @default no bound but its own
   */
  validate(payload: JsonValue, allowance?: StepAllowance): readonly SchemaViolation[];
}

const noViolations: readonly SchemaViolation[] = [];

/** Compiles a schema that `checkSchemaDocument` has taken. Takes up to some hundred milliseconds. */
export function compileSchema(schema: JsonSchema): Validator {
  return compiled(schema);
}

/** Compiles what finds all violations, too: the most that a schema costs. */
export function compileInFull(schema: JsonSchema): void {
  compiled(schema).findsAll();
}

function compiled(schema: JsonSchema): CompiledSchema {
  const { document, prepared } = readSchema(schema, refuseFor('schema'));
  const options = {
    dialect: document.dialect,
    ownProperties: namesInherited(JSON.stringify(prepared)),
    hasUnevaluated: [...document.subschemas.values()].some(hasUnevaluated),
  };
  return new CompiledSchema(prepared, options);
}

/** Whether the text has the name of something that every object of JavaScript has. */
function namesInherited(text: string): boolean {
  return Object.getOwnPropertyNames(Object.prototype).some((name) => text.includes(`"${name}"`));
}

class CompiledSchema implements Validator {
  readonly #first: Check;
  /** Made at the first payload that is not valid. */
  #all: Check | undefined;

  constructor(
    private readonly prepared: JsonSchema,
    private readonly options: Omit<CheckOptions, 'allErrors'>,
  ) {
    this.#first = compileCheck(prepared, { ...options, allErrors: false });
  }

  validate(
    payload: JsonValue,
    allowance: StepAllowance = { left: Infinity },
  ): readonly SchemaViolation[] {
    const isShort = allowance.left < validationStepsMax;
    const first = run(this.#first, payload, { steps: validationStepsMax, allowance });
    if (first === 'valid') return noViolations;
    if (first === 'costly') return [isShort ? tooCostlyTogether : tooCostly];
    if (first === 'failed') return [unusable];
    const violations = violationsOf(this.#first.errors ?? [], payload);
    return this.#allViolationsOf(payload, allowance) ?? violations;
  }

  /** Undefined where there is much to say: then the first thing is enough. */
  #allViolationsOf(
    payload: JsonValue,
    allowance: StepAllowance,
  ): readonly SchemaViolation[] | undefined {
    const check = this.findsAll();
    const all = run(check, payload, { steps: furtherStepsMax, allowance });
    return all === 'invalid' ? violationsOf(check.errors ?? [], payload) : undefined;
  }

  findsAll(): Check {
    this.#all ??= compileCheck(this.prepared, { ...this.options, allErrors: true });
    return this.#all;
  }
}

const tooCostly: SchemaViolation = {
  pointer: '',
  rule: 'steps',
  message:
    `expected a payload that is checked in ${validationStepsMax} steps, got one that takes more; ` +
    'make the schema simpler or the payload smaller',
};

const tooCostlyTogether: SchemaViolation = {
  pointer: '',
  rule: 'steps',
  message:
    `expected payloads of one append that are checked in ${appendStepsMax} steps together, got ones ` +
    'that take more; send fewer events at a time or make the schema simpler',
};

/** Says nothing of the error: it may name what is in the payload. */
const unusable: SchemaViolation = {
  pointer: '',
  rule: 'schema',
  message: 'expected a schema that the payload can be checked by, got one that fails; simplify it',
};

function run(
  check: Check,
  payload: JsonValue,
  { steps, allowance }: { readonly steps: number; readonly allowance: StepAllowance },
): 'valid' | 'invalid' | 'costly' | 'failed' {
  const begun = Math.min(steps, allowance.left);
  budget.left = begun;
  try {
    return check(payload) ? 'valid' : 'invalid';
  } catch (error) {
    // A RangeError is of the stack: levels of the payload times references on each.
    if (error instanceof StepsSpentError || error instanceof RangeError) return 'costly';
    return 'failed';
  } finally {
    allowance.left -= begun - Math.max(budget.left, 0);
  }
}
