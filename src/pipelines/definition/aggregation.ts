import type { Fields, JsonObject } from '../../domain/index.js';
import { pathRule } from '../value/path.js';
import { groupFieldsMax, groupsRange } from './limits.js';
import { aggregateFunctions } from './types.js';
import type { Aggregation } from './types.js';

export const aggregationNames = ['function', 'field', 'group_by', 'max_groups'] as const;

export function checkAggregation(fields: Fields): Aggregation {
  const name = fields.oneOf('function', aggregateFunctions);
  const field = fields.optionalText('field', pathRule);
  if (field === undefined && name !== 'count') {
    fields.add('field', `expected the field to take the ${name} of`);
  }
  return {
    function: name,
    ...(field !== undefined && { field }),
    groupBy: fields.texts('group_by', { max: groupFieldsMax, rule: pathRule, single: true }),
    maxGroups: fields.whole('max_groups', groupsRange),
  };
}

export function aggregationToWire(aggregation: Aggregation): JsonObject {
  const { function: name, field, groupBy, maxGroups } = aggregation;
  return {
    function: name,
    ...(field !== undefined && { field }),
    group_by: [...groupBy],
    max_groups: maxGroups,
  };
}
