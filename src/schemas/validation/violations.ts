import type { ErrorObject } from 'ajv';
import { isJsonObject, namesOfPointer, pointerOf, type JsonValue } from '../../domain/index.js';
import { pointerCharactersMax, violationsMax } from './limits.js';
import { quote } from './document/refusal.js';

/** Where a payload breaks its schema. */
export interface SchemaViolation {
  /** JSON pointer into the payload; of a property that is missing, where it would be. */
  readonly pointer: string;
  /** Keyword that is broken. */
  readonly rule: string;
  /** What was expected and what came, without values of the payload. */
  readonly message: string;
}

/** The first violations; those of alternatives behind the one that says that none fits. */
export function violationsOf(
  errors: readonly ErrorObject[],
  payload: JsonValue,
): readonly SchemaViolation[] {
  const found = new Map<string, SchemaViolation>();
  const alternatives = new Set(['anyOf', 'oneOf', 'not']);
  const ordered = [
    ...errors.filter(({ keyword }) => alternatives.has(keyword)),
    ...errors.filter(({ keyword }) => !alternatives.has(keyword) && keyword !== 'if'),
  ];
  for (const error of ordered) {
    if (found.size >= violationsMax) break;
    const violation = violationOf(error, payload);
    const key = `${violation.pointer}\n${violation.rule}\n${violation.message}`;
    if (!found.has(key)) found.set(key, violation);
  }
  return [...found.values()];
}

function violationOf(error: ErrorObject, payload: JsonValue): SchemaViolation {
  const { keyword, instancePath, params } = error;
  const name = nameIn(params);
  const rule = keyword === 'false schema' ? 'false' : keyword;
  const pointer = name === undefined ? instancePath : instancePath + pointerOf([name]);
  const value = valueAtPointer(payload, instancePath);
  return { pointer: cut(pointer), rule, message: sentence(error, value) };
}

/** Names in payloads may be as long as a payload. */
function cut(pointer: string): string {
  return pointer.length <= pointerCharactersMax
    ? pointer
    : `${pointer.slice(0, pointerCharactersMax - 1)}…`;
}

/** The property that is missing, or that is there and must not be. */
function nameIn(params: ErrorObject['params']): string | undefined {
  for (const param of ['missingProperty', 'additionalProperty', 'unevaluatedProperty']) {
    const name: unknown = params[param];
    if (typeof name === 'string') return name;
  }
  return undefined;
}

function valueAtPointer(payload: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = payload;
  for (const name of namesOfPointer(pointer)) {
    if (typeof value !== 'object' || value === null) return undefined;
    // Own members of objects and items of arrays alike.
    value = (value as Record<string, JsonValue | undefined>)[name];
  }
  return value;
}

const limits: Readonly<Record<string, (limit: string) => string>> = {
  minimum: (limit) => `at least ${limit}`,
  maximum: (limit) => `at most ${limit}`,
  exclusiveMinimum: (limit) => `more than ${limit}`,
  exclusiveMaximum: (limit) => `less than ${limit}`,
  minLength: (limit) => `at least ${limit} characters`,
  maxLength: (limit) => `at most ${limit} characters`,
  minItems: (limit) => `at least ${limit} items`,
  maxItems: (limit) => `at most ${limit} items`,
  minProperties: (limit) => `at least ${limit} properties`,
  maxProperties: (limit) => `at most ${limit} properties`,
};

function sentence(
  { keyword, params, propertyName, ...error }: ErrorObject,
  value: JsonValue | undefined,
): string {
  const got = whatItIs(value);
  const limit = limits[keyword];
  if (propertyName !== undefined) {
    return `expected other property names, got ${quote(propertyName)}: it ${error.message ?? 'is not valid'}`;
  }
  if (limit !== undefined) return `expected ${limit(String(params['limit']))}, got ${got}`;
  switch (keyword) {
    case 'type':
      return `expected ${typeNames(params['type'])}, got ${got}`;
    case 'required':
    case 'dependencies':
    case 'dependentRequired':
      return `expected a property ${quote(params['missingProperty'])}, got none`;
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return 'expected no property of this name, got one';
    case 'enum':
      return `expected one of ${quote(params['allowedValues'])}, got another value (${got})`;
    case 'const':
      return `expected ${quote(params['allowedValue'])}, got another value (${got})`;
    case 'multipleOf':
      return `expected a multiple of ${String(params['multipleOf'])}, got another number`;
    case 'pattern':
      return `expected a text that matches ${quote(params['pattern'])}, got ${got} that does not`;
    case 'format':
      return `expected the format ${String(params['format'])}, got ${got} of another form`;
    default:
      return otherSentence(keyword, params, got);
  }
}

function otherSentence(keyword: string, params: ErrorObject['params'], got: string): string {
  switch (keyword) {
    case 'uniqueItems':
      return 'expected items that differ, got the same one twice';
    case 'contains':
      return `expected at least ${String(params['minContains'] ?? 1)} items that fit "contains", got another number`;
    case 'propertyNames':
      return `expected other property names, got ${quote(params['propertyName'])}`;
    case 'oneOf':
      return Array.isArray(params['passingSchemas'])
        ? 'expected a value that fits one alternative, got one that fits several'
        : `expected a value that fits one of the alternatives, got ${got} that fits none`;
    case 'anyOf':
      return `expected a value that fits one of the alternatives, got ${got} that fits none`;
    case 'not':
      return `expected a value that does not fit the schema under "not", got ${got} that does`;
    case 'items':
    case 'additionalItems':
    case 'unevaluatedItems':
      return `expected at most ${String(params['limit'] ?? params['len'] ?? 0)} items, got ${got}`;
    default:
      return `expected nothing here, got ${got}`;
  }
}

function typeNames(type: unknown): string {
  const names: readonly unknown[] = Array.isArray(type) ? type : [type];
  return names.map((name) => withArticle(String(name))).join(' or ');
}

function withArticle(type: string): string {
  if (type === 'null') return type;
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function whatItIs(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length} items`;
  if (typeof value === 'string') return `a string of ${[...value].length} characters`;
  if (isJsonObject(value)) return `an object of ${Object.keys(value).length} properties`;
  return withArticle(typeof value);
}
