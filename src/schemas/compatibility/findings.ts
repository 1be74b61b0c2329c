import type { CompatibilityDirection, Finding, Refusal } from './types.js';

/**
 * A rule is a demand of the schema that refuses. Backward, the next schema has added or tightened it; forward, the
 * previous one had it and the next has taken it away or loosened it: so each rule has two names.
 */
export const kindsOfRules = {
  type: { backward: 'type_narrowed', forward: 'type_widened' },
  member: { backward: 'enum_value_removed', forward: 'enum_value_added' },
  values: { backward: 'values_restricted', forward: 'values_freed' },
  bound: { backward: 'bound_tightened', forward: 'bound_loosened' },
  pattern: { backward: 'pattern_added', forward: 'pattern_removed' },
  format: { backward: 'format_added', forward: 'format_removed' },
  required: { backward: 'required_added', forward: 'required_removed' },
  dependency: { backward: 'dependency_added', forward: 'dependency_removed' },
  property: { backward: 'property_constrained', forward: 'property_freed' },
  known: { backward: 'property_removed', forward: 'property_added' },
  closed: { backward: 'property_closed', forward: 'property_opened' },
  names: { backward: 'names_restricted', forward: 'names_freed' },
  items: { backward: 'items_closed', forward: 'items_opened' },
  unique: { backward: 'unique_added', forward: 'unique_removed' },
  contains: { backward: 'contains_added', forward: 'contains_removed' },
  alternative: { backward: 'alternative_removed', forward: 'alternative_added' },
  nothing: { backward: 'value_forbidden', forward: 'value_allowed' },
  undecidable: { backward: 'undecidable', forward: 'undecidable' },
} as const;

/** What to do, for each kind but `undecidable`; `{}` is the detail of the refusal. */
const advices: Record<Exclude<Finding['kind'], 'undecidable'>, string> = {
  type_narrowed: 'Accept every type that the previous schema accepts.',
  type_widened: 'Accept no type that the previous schema does not accept.',
  enum_value_removed: 'Accept {} still, which the previous schema accepts.',
  enum_value_added: 'Leave out {}, which the previous schema does not accept.',
  values_restricted: 'Leave out the enum or const, or list nothing new that was free before.',
  values_freed: 'Keep the enum or const of the previous schema.',
  bound_tightened: 'Leave out the bound, or make it no tighter than it was.',
  bound_loosened: 'Keep the bound of the previous schema, or make it tighter.',
  pattern_added: 'Leave out the pattern, since texts that do not match it were valid.',
  pattern_removed: 'Keep the pattern of the previous schema.',
  format_added: 'Leave out the format, since values of another format were valid.',
  format_removed: 'Keep the format of the previous schema.',
  required_added: 'Make {} optional, since it may be missing in what was valid.',
  required_removed: 'Keep {} required, since the previous schema requires it.',
  dependency_added: 'Leave out the dependency, or require less when {} is there.',
  dependency_removed: 'Keep what the previous schema requires when {} is there.',
  property_constrained:
    'Any value was valid for {}: leave it unconstrained, or take a new name together with a closed previous schema.',
  property_freed: 'Keep the schema of {}, for which any value would be valid now.',
  property_removed: 'Keep {}, or accept additional properties.',
  property_added: 'Leave out {}: the previous schema accepts no additional properties.',
  property_closed: 'Accept additional properties still, since any were valid.',
  property_opened: 'Set additionalProperties to false, as in the previous schema.',
  names_restricted: 'Leave out propertyNames, or accept every name that was valid.',
  names_freed: 'Keep the propertyNames of the previous schema.',
  items_closed: 'Accept further items still, since any number of them was valid.',
  items_opened: 'Accept no further items, as in the previous schema.',
  unique_added: 'Leave out uniqueItems, since equal items were valid.',
  unique_removed: 'Keep uniqueItems.',
  contains_added: 'Leave out contains, or ask for no other items than before.',
  contains_removed: 'Keep the contains of the previous schema.',
  alternative_removed: 'Add an alternative that takes what the previous schema takes.',
  alternative_added: 'Leave out what no alternative of the previous schema takes.',
  value_forbidden: 'Accept values here still, since some were valid.',
  value_allowed: 'Accept no value here, as in the previous schema.',
};

export function toFinding(refusal: Refusal, direction: CompatibilityDirection): Finding {
  const { given, demanded, pointer } = refusal;
  const kind = kindsOfRules[refusal.rule][direction];
  const [was, is] = direction === 'backward' ? [given, demanded] : [demanded, given];
  return { pointer, kind, direction, was, is, advice: adviceOf(kind, refusal.detail) };
}

function adviceOf(kind: Finding['kind'], detail = 'it'): string {
  if (kind !== 'undecidable') return advices[kind].replaceAll('{}', () => detail);
  return `This can't be decided, and so counts as breaking: ${detail}. Keep this part as it was, or write it more plainly.`;
}

/** A demand of which nothing is known but that it could not be decided. */
export function undecided(
  refusal: Pick<Refusal, 'pointer' | 'given' | 'demanded'>,
  reason: string,
): Refusal {
  return { ...refusal, rule: 'undecidable', detail: reason };
}
