import {
  Failure,
  Fields,
  fieldPath,
  fieldPathProblem,
  isJsonValue,
  makeTransform,
  parseTransform,
  shown,
  valueAt,
  withValueAt,
  withoutValueAt,
} from '../../domain/index.js';
import type {
  ErrorDetail,
  JsonObject,
  JsonValue,
  PathSegment,
  TextRule,
} from '../../domain/index.js';

/** Of one mapping. */
export const mappingOperationsMax = 100;

/**
 * One step of a mapping. Paths are names with dots between them, from the payload on, as those of
 * pipelines. What a step takes from may be missing, since fields may be optional: it does nothing then.
 */
export type MappingOperation =
  /** Moves a field, below another one, too; what was there is replaced. */
  | { readonly op: 'rename'; readonly from: string; readonly to: string }
  | { readonly op: 'copy'; readonly from: string; readonly to: string }
  /** Sets a field that is missing. */
  | { readonly op: 'add'; readonly path: string; readonly value: JsonValue }
  /** Sets a field, missing or not. */
  | { readonly op: 'set'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string }
  /** `uppercase`, `multiply:100` and the others that a `map` of a pipeline has. */
  | { readonly op: 'transform'; readonly path: string; readonly transform: string };

type Step = (payload: JsonValue) => JsonValue | Failure;

const operationFields = {
  rename: ['from', 'to'],
  copy: ['from', 'to'],
  add: ['path', 'value'],
  set: ['path', 'value'],
  remove: ['path'],
  transform: ['path', 'transform'],
} as const satisfies Record<MappingOperation['op'], readonly string[]>;

const operations = ['rename', 'copy', 'add', 'set', 'remove', 'transform'] as const;

const pathRule: TextRule = {
  problem: (text) => {
    if (text === 'payload') return 'expected a field of the payload, not all of it';
    if (!text.startsWith('$')) return fieldPathProblem(text);
    return `expected a field of the payload; one of that name is payload.${text}`;
  },
};

const transformRule: TextRule = {
  problem: (text) => {
    const parsed = parseTransform(text);
    return 'problem' in parsed ? parsed.problem : undefined;
  },
};

/** The operations of an array of the wire; what is wrong is added to the problems. */
export function checkOperations(fields: Fields, name: string): MappingOperation[] {
  const list = fields.raw(name);
  if (!Array.isArray(list) || list.length === 0 || list.length > mappingOperationsMax) {
    const got = Array.isArray(list) ? `${list.length}` : shown(list);
    fields.add(name, `expected an array of 1-${mappingOperationsMax} operations, not ${got}`);
    return [];
  }
  return list.map((value: unknown, at) =>
    checkOperation(value, `${fields.pathOf(name)}[${at}]`, fields.problems),
  );
}

function checkOperation(value: unknown, path: string, problems: ErrorDetail[]): MappingOperation {
  const given = new Fields(value, { problems: [], path, what: '', names: [] }).raw('op');
  const known = operations.find((one) => one === given);
  const names = ['op', ...(known === undefined ? ['from', 'to'] : operationFields[known])];
  // The fields of an unknown operation are not looked at.
  const read = known === undefined ? { op: given } : value;
  const fields = new Fields(read, { problems, path, what: known ?? 'an operation', names });
  const op = fields.oneOf('op', operations);
  if (known === undefined) return { op: 'remove', path: '' };
  switch (op) {
    case 'rename':
    case 'copy':
      return { op, from: fields.text('from', pathRule), to: fields.text('to', pathRule) };
    case 'add':
    case 'set':
      return { op, path: fields.text('path', pathRule), value: checkValue(fields) };
    case 'remove':
      return { op, path: fields.text('path', pathRule) };
    case 'transform': {
      const transform = fields.text('transform', transformRule);
      return { op, path: fields.text('path', pathRule), transform };
    }
  }
}

function checkValue(fields: Fields): JsonValue {
  const value = fields.raw('value');
  if (isJsonValue(value)) return value;
  fields.add('value', `expected a value of JSON, not ${shown(value)}`);
  return null;
}

export function operationToWire(operation: MappingOperation): JsonObject {
  return { ...operation };
}

/** What a mapping makes of a payload, which stays as it is. The operations were checked. */
export function compileMapping(mapping: readonly MappingOperation[]): Step {
  const steps = mapping.map(stepOf);
  return (payload) => {
    let value = payload;
    for (const [at, step] of steps.entries()) {
      const next = step(value);
      if (next instanceof Failure) return new Failure(`${nameOf(mapping, at)}: ${next.reason}`);
      value = next;
    }
    return value;
  };
}

function nameOf(mapping: readonly MappingOperation[], at: number): string {
  const operation = mapping[at];
  if (operation === undefined) return `operations[${at}]`;
  const path = 'path' in operation ? operation.path : `${operation.from} to ${operation.to}`;
  return `operations[${at}], ${operation.op} ${path}`;
}

function stepOf(operation: MappingOperation): Step {
  switch (operation.op) {
    case 'rename':
    case 'copy':
      return moveStep(fieldPath(operation.from), fieldPath(operation.to), operation.op);
    case 'add': {
      const path = fieldPath(operation.path);
      return (payload) =>
        valueAt(payload, path) === undefined
          ? withValueAt(payload, path, operation.value)
          : payload;
    }
    case 'set': {
      const path = fieldPath(operation.path);
      return (payload) => withValueAt(payload, path, operation.value);
    }
    case 'remove': {
      const path = fieldPath(operation.path);
      return (payload) => withoutValueAt(payload, path);
    }
    case 'transform':
      return transformStep(fieldPath(operation.path), operation.transform);
  }
}

function moveStep(
  from: readonly PathSegment[],
  to: readonly PathSegment[],
  op: 'rename' | 'copy',
): Step {
  return (payload) => {
    const field = valueAt(payload, from);
    if (field === undefined) return payload;
    return withValueAt(op === 'copy' ? payload : withoutValueAt(payload, from), to, field);
  };
}

function transformStep(path: readonly PathSegment[], text: string): Step {
  const transform = makeTransform(text);
  return (payload) => {
    const field = valueAt(payload, path);
    if (field === undefined) return payload;
    const changed = transform(field);
    return changed instanceof Failure ? changed : withValueAt(payload, path, changed);
  };
}
