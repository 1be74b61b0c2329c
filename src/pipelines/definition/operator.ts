import { isJsonValue, parseTransform, shown } from '../../domain/index.js';
import type { Fields, JsonObject, JsonValue } from '../../domain/index.js';
import { compilePath, pathRule } from '../value/path.js';
import { aggregationNames, aggregationToWire, checkAggregation } from './aggregation.js';
import { checkEnrich, enrichToWire } from './enrich.js';
import { branchesMax, inValuesMax } from './limits.js';
import { checkOutput, outputToWire } from './output.js';
import { filterOps } from './types.js';
import type {
  BranchOperator,
  FilterOperator,
  MapAction,
  MapOperator,
  Operator,
  Output,
  ReduceOperator,
} from './types.js';
import { checkWindow, windowToWire } from './window.js';

/** The fields of each operator besides its type. */
export const operatorFields = {
  filter: ['field', 'op', 'value'],
  map: ['field', 'transform', 'rename', 'remove', 'set'],
  reduce: [...aggregationNames, 'on_full'],
  window: ['config', 'aggregation'],
  enrich: ['source', 'fields', 'into', 'on_miss'],
  branch: ['field', 'branches', 'default'],
} as const satisfies Record<Operator['type'], readonly string[]>;

/** `pipeline` is its name, after which outputs are named that name nothing themselves. */
export function checkOperator(type: Operator['type'], fields: Fields, pipeline: string): Operator {
  switch (type) {
    case 'filter':
      return checkFilter(fields);
    case 'map':
      return checkMap(fields);
    case 'reduce':
      return checkReduce(fields);
    case 'window':
      return checkWindow(fields);
    case 'enrich':
      return checkEnrich(fields);
    case 'branch':
      return checkBranch(fields, pipeline);
  }
}

export function operatorToWire(operator: Operator): JsonObject {
  switch (operator.type) {
    case 'filter':
    case 'map':
      return { ...operator };
    case 'reduce':
      return { type: 'reduce', ...aggregationToWire(operator), on_full: operator.onFull };
    case 'window':
      return windowToWire(operator);
    case 'enrich':
      return enrichToWire(operator);
    case 'branch':
      return branchToWire(operator);
  }
}

function checkFilter(fields: Fields): FilterOperator {
  const op = fields.oneOf('op', filterOps);
  const given = op === 'exists' && !fields.isGiven('value') ? true : fields.raw('value');
  const value = valueOf(fields, 'value', given);
  const problem = operandProblem(op, value);
  if (problem !== undefined) fields.add('value', `${problem}, not ${shown(value)}`);
  return { type: 'filter', field: fields.text('field', pathRule), op, value };
}

function operandProblem(op: FilterOperator['op'], value: JsonValue): string | undefined {
  switch (op) {
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return ['number', 'string'].includes(typeof value) ? undefined : 'expected a number or text';
    case 'in': {
      const isList = Array.isArray(value) && value.length <= inValuesMax;
      return isList ? undefined : `expected an array of at most ${inValuesMax} values`;
    }
    case 'exists':
      return typeof value === 'boolean' ? undefined : 'expected true or false';
    default:
      return undefined;
  }
}

function checkMap(fields: Fields): MapOperator {
  const field = fields.text('field', pathRule);
  const path = compilePath(field);
  const actions = (['transform', 'rename', 'remove', 'set'] as const).filter((name) =>
    name === 'set' ? fields.isGiven(name) : fields.has(name),
  );
  const [action = 'remove', another] = actions;
  if (actions.length === 0)
    fields.add('transform', 'expected one of transform, rename, remove, set');
  if (another !== undefined) fields.add(another, `expected either this or ${action}`);
  if (path.ofEvent !== undefined) {
    fields.add('field', 'expected a field of the value; those of the event stay as they are');
  } else if (path.segments.length === 0 && action !== 'transform') {
    fields.add('field', `expected a field of the value to ${action}, not all of it`);
  }
  return { type: 'map', field, ...mapAction(fields, action) };
}

function mapAction(fields: Fields, action: 'transform' | 'rename' | 'remove' | 'set'): MapAction {
  switch (action) {
    case 'transform': {
      const transform = fields.text('transform');
      const parsed = parseTransform(transform);
      if ('problem' in parsed)
        fields.add('transform', `${parsed.problem}, not ${shown(transform)}`);
      return { transform };
    }
    case 'rename': {
      const rename = fields.text('rename', pathRule);
      const path = compilePath(rename);
      if (path.ofEvent !== undefined || path.segments.length === 0) {
        fields.add('rename', 'expected a field of the value');
      }
      return { rename };
    }
    case 'remove':
      if (fields.has('remove') && fields.raw('remove') !== true) {
        fields.add('remove', `expected true, not ${shown(fields.raw('remove'))}`);
      }
      return { remove: true };
    case 'set':
      return { set: valueOf(fields, 'set', fields.raw('set')) };
  }
}

function checkReduce(fields: Fields): ReduceOperator {
  const onFull = fields.oneOf('on_full', ['evict', 'fail'], 'evict');
  return { type: 'reduce', ...checkAggregation(fields), onFull };
}

function checkBranch(fields: Fields, pipeline: string): BranchOperator {
  const { problems } = fields;
  const outputAt = (value: unknown, path: string): Output =>
    checkOutput(typeof value === 'string' ? { type: 'topic', name: value } : value, path, {
      problems,
      pipeline,
    });
  const entries = fields.entries('branches', branchesMax);
  const path = fields.pathOf('branches');
  return {
    type: 'branch',
    field: fields.text('field', pathRule),
    branches: Object.fromEntries(
      entries.map(([value, output]) => [value, outputAt(output, `${path}.${value}`)]),
    ),
    ...(fields.has('default') && {
      default: outputAt(fields.raw('default'), fields.pathOf('default')),
    }),
  };
}

function branchToWire({ field, branches, default: usual }: BranchOperator): JsonObject {
  const entries = Object.entries(branches).map(([value, output]) => [value, outputToWire(output)]);
  return {
    type: 'branch',
    field,
    // Made of pairs of a name and an object.
    branches: Object.fromEntries(entries) as JsonObject,
    ...(usual !== undefined && { default: outputToWire(usual) }),
  };
}

function valueOf(fields: Fields, name: string, value: unknown): JsonValue {
  if (isJsonValue(value)) return value;
  fields.add(name, 'expected a value of JSON');
  return null;
}
