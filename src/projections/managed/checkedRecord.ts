import { isJsonObject, kindOf } from '../../domain/index.js';
import type { JsonObject, JsonValue } from '../../domain/index.js';
import type { ProjectionRecord } from '../record.js';

type Check = (value: JsonValue | undefined) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isFlag: Check = (value) => typeof value === 'boolean';
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isNumber: Check = (value) => isCount(value) && value !== 0;
const isKind: Check = (value) => value === 'code' || value === 'declarative';
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

/**
 * What the log has of a projection, where this version can go on with it. Throws what is wrong: a newer
 * version may have written it.
 */
export function checkedRecord(record: JsonValue): ProjectionRecord {
  const fields = objectAt(record, 'record');
  expect(fields, 'tenantId', 'a text', isText);
  expect(fields, 'name', 'a text', isText);
  expect(fields, 'kind', 'code or declarative', isKind);
  expect(fields, 'isPaused', 'true or false', isFlag);
  expect(fields, 'generations', 'a whole number', maybe(isCount));
  checkGeneration(fields['current'], 'current');
  if (fields['building'] !== null) checkGeneration(fields['building'], 'building');
  // All of it was looked at but the declaration, which has checks of its own.
  return fields as unknown as ProjectionRecord;
}

function checkGeneration(value: JsonValue | undefined, name: string): void {
  const fields = objectAt(value, name);
  expect(fields, 'generation', 'a whole number from 1', isNumber, name);
  expect(fields, 'version', 'a whole number from 1', isNumber, name);
  expect(fields, 'isElsewhere', 'true or false', maybe(isFlag), name);
  expect(fields, 'after', 'a whole number', maybe(isCount), name);
  if (fields['replay'] === undefined) return;
  const where = `${name}.replay`;
  const replay = objectAt(fields['replay'], where);
  expect(replay, 'id', 'a text', isText, where);
  expect(replay, 'batchEvents', 'a whole number from 1', isNumber, where);
  expect(replay, 'isShown', 'true or false', isFlag, where);
  const selection = objectAt(replay['selection'], `${where}.selection`);
  expect(selection, 'goal', 'a whole number', isCount, `${where}.selection`);
}

function objectAt(value: JsonValue | undefined, name: string): JsonObject {
  if (value !== undefined && isJsonObject(value)) return value;
  throw unknownRecord(`${name}: expected an object, got ${kindOf(value ?? null)}`);
}

function expect(
  fields: JsonObject,
  name: string,
  expected: string,
  check: Check,
  place?: string,
): void {
  const value = fields[name];
  if (check(value)) return;
  const where = place === undefined ? name : `${place}.${name}`;
  const got = JSON.stringify(value)?.slice(0, 64) ?? 'nothing';
  throw unknownRecord(`${where}: expected ${expected}, got ${got}`);
}

function unknownRecord(what: string): Error {
  return new Error(`${what}; a newer version of allsource-core may have written its record`);
}
