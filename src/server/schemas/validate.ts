import type { Static, TObject } from '@sinclair/typebox';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { AllSourceError, type ErrorCode, type ErrorDetail } from '../../domain/index.js';
import type { QueryValues } from '../http/index.js';
import { formats } from './formats.js';

/** Findings listed in one answer. */
const detailsMax = 16;

// Text becomes numbers in queries only: in a frame "5" for a number is a client's mistake.
// `verbose` gives an error the schema that it breaks, whose description tells what is expected.
const queryAjv = new Ajv({ coerceTypes: true, allErrors: true, verbose: true, formats });
const frameAjv = new Ajv({ allErrors: true, verbose: true, formats });

/** Reads the decoded query; throws `invalid_query` naming each bad or unknown parameter. */
export function queryReader<T extends TObject>(schema: T): (query: QueryValues) => Static<T> {
  const check = compiledLater<Static<T>>(queryAjv, schema);
  return (query) => take(check(), query, { code: 'invalid_query', noun: 'query parameter' });
}

/** Reads path parameters; throws `validation_error`. */
export function paramsReader<T extends TObject>(schema: T): (params: object) => Static<T> {
  const check = compiledLater<Static<T>>(frameAjv, schema);
  return (params) => take(check(), params, { code: 'validation_error', noun: 'path parameter' });
}

/** Reads a frame of a WebSocket client; throws `validation_error`. */
export function frameReader<T extends TObject>(schema: T): (frame: unknown) => Static<T> {
  const check = compiledLater<Static<T>>(frameAjv, schema);
  return (frame) => take(check(), frame, { code: 'validation_error', noun: 'field' });
}

/** When first asked: to compile all of them is a third of the time in which a server starts. */
function compiledLater<T>(ajv: Ajv, schema: TObject): () => ValidateFunction<T> {
  let check: ValidateFunction<T> | undefined;
  return () => (check ??= ajv.compile<T>(unnamed(schema)));
}

/** Names are those of `/openapi.json`; a schema that is a part of two others would be there twice. */
function unnamed(schema: TObject): object {
  const named = JSON.stringify(schema, (key, value: unknown) =>
    key === '$id' ? undefined : value,
  );
  return JSON.parse(named) as object;
}

interface Wording {
  readonly code: ErrorCode;
  readonly noun: string;
}

function take<T>(check: ValidateFunction<T>, value: unknown, wording: Wording): T {
  if (check(value)) return value;
  const findings = new Map<string, string>();
  const errors = check.errors ?? [];
  for (const error of errors) {
    const field = fieldOf(error);
    // Of the several errors of one field the first is the one to act on.
    if (findings.size < detailsMax && !findings.has(field)) {
      findings.set(field, reasonOf(error, errors));
    }
  }
  const details: ErrorDetail[] = [...findings].map(([field, reason]) => ({ field, reason }));
  const sentence = details
    .map(({ field, reason }) => (field === '' ? reason : `${wording.noun} ${field}: ${reason}`))
    .join('; ');
  throw new AllSourceError(wording.code, sentence, { details });
}

function fieldOf(error: ErrorObject): string {
  if (error.keyword === 'additionalProperties') {
    return String(error.params['additionalProperty']).slice(0, 64);
  }
  return error.instancePath.slice(1);
}

/** What a union that has nothing but values takes. */
function valuesOf(errors: readonly ErrorObject[], { instancePath }: ErrorObject): string {
  const ofField = errors.filter((error) => error.instancePath === instancePath);
  const isOfValues = ofField.every(({ keyword }) => ['const', 'anyOf'].includes(keyword));
  const values = ofField.flatMap(({ keyword, params }) =>
    keyword === 'const' ? [String(params['allowedValue'])] : [],
  );
  return isOfValues && values.length > 0 ? values.join(', ') : 'the allowed values';
}

function reasonOf(error: ErrorObject, errors: readonly ErrorObject[]): string {
  const { keyword, params, message, parentSchema } = error;
  switch (keyword) {
    case 'additionalProperties':
      return 'not known here; leave it out or correct its name';
    case 'type':
      return `expected ${String(params['type'])}`;
    case 'const':
    case 'anyOf':
      return `expected one of ${valuesOf(errors, error)}`;
    case 'minimum':
      return `expected at least ${String(params['limit'])}`;
    case 'maximum':
      return `expected at most ${String(params['limit'])}`;
    case 'maxLength':
      return `expected at most ${String(params['limit'])} characters`;
    case 'format':
    case 'minLength':
    case 'pattern':
      return `expected ${lowerFirst(String(parentSchema?.['description'] ?? message))}`;
    default:
      return message ?? 'not valid';
  }
}

/** Descriptions begin with a capital; here they go on a sentence. */
function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
