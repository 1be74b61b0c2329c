import { EventTypes } from '../../domain/index.js';
import type { Aggregation, Operator, Output, PipelineDefinition } from '../definition/types.js';
import { Columns } from '../value/columns.js';
import { columnOf, compilePath } from '../value/path.js';
import type { Path } from '../value/path.js';
import { compileTemplate } from '../value/template.js';

/**
 * The members of payloads that a pipeline looks at: with others it does the same. Undefined where it may
 * look at all, as one does whose results are payloads.
 */
export function usedMembers({ operators }: PipelineDefinition): readonly string[] | undefined {
  const paths = payloadPaths(operators);
  return paths && [...new Set(paths.flatMap(({ segments }) => segments[0]?.name ?? []))];
}

/**
 * The fields of events that a pipeline looks at, as columns of rows. Undefined where those are not enough:
 * where it may look at all of a payload, or makes fields of which the payload has others around them.
 */
export function usedColumns(definition: PipelineDefinition): Columns | undefined {
  const { operators, tenantId, sourceEventTypes } = definition;
  const paths = payloadPaths(operators);
  if (paths === undefined || !canChangeInPlace(operators, paths)) return undefined;
  const columns = new Set(paths.map(columnOf));
  for (const field of [...operators.flatMap(fieldsOf), ...outputFields(definition)]) {
    if (['$event_type', '$entity_id', '$version'].includes(field)) columns.add(field);
  }
  // The index can't tell all sets of types: of others it gives more.
  if (Object.keys(new EventTypes(sourceEventTypes).filter).length === 0) columns.add('$event_type');
  // The engine has no lone surrogates.
  if (/\p{Surrogate}/u.test([...columns].join())) return undefined;
  return new Columns(tenantId, [...columns]);
}

/** Those below which an operator looks at payloads; undefined where one looks at all of a payload. */
function payloadPaths(operators: readonly Operator[]): readonly Path[] | undefined {
  const paths = operatorsOfPayloads(operators)
    ?.flatMap(fieldsOf)
    .map((field) => compilePath(field));
  const ofPayloads = paths?.filter(({ ofEvent }) => ofEvent === undefined);
  return ofPayloads?.every(({ segments }) => segments.length > 0) === true ? ofPayloads : undefined;
}

/** What `reduce` or `window` makes of an event has nothing else of its payload. */
function operatorsOfPayloads(operators: readonly Operator[]): readonly Operator[] | undefined {
  const last = operators.findIndex(({ type }) => type === 'reduce' || type === 'window');
  return last < 0 ? undefined : operators.slice(0, last + 1);
}

/** Whether operators change only what is there, and nothing that is part of another column. */
function canChangeInPlace(operators: readonly Operator[], paths: readonly Path[]): boolean {
  return (operatorsOfPayloads(operators) ?? []).every((operator) => {
    if (operator.type === 'enrich') return false;
    if (operator.type !== 'map') return true;
    if (!('transform' in operator)) return false;
    const changed = `${columnOf(compilePath(operator.field))}.`;
    return paths
      .map((path) => `${columnOf(path)}.`)
      .every((other) => {
        return other === changed || !(other.startsWith(changed) || changed.startsWith(other));
      });
  });
}

/** Paths that an operator reads, or below which it writes. */
function fieldsOf(operator: Operator): readonly string[] {
  switch (operator.type) {
    case 'filter':
    case 'branch':
      return [operator.field];
    case 'map':
      return 'rename' in operator ? [operator.field, operator.rename] : [operator.field];
    case 'reduce':
      return aggregatedFields(operator);
    case 'window': {
      const { timeField } = operator.config;
      return [
        ...aggregatedFields(operator.aggregation),
        ...(timeField === undefined ? [] : [timeField]),
      ];
    }
    case 'enrich': {
      const { source, into } = operator;
      const keys = source.type === 'http' ? templateFields(source.url) : [source.keyField];
      return into === undefined ? keys : [...keys, into];
    }
  }
}

function aggregatedFields({ field, groupBy }: Aggregation): readonly string[] {
  return field === undefined ? groupBy : [...groupBy, field];
}

function outputFields({ operators, output }: PipelineDefinition): readonly string[] {
  const last = operators.at(-1);
  const outputs: readonly (Output | undefined)[] =
    last?.type === 'branch' ? [...Object.values(last.branches), last.default] : [output];
  return outputs.flatMap((to) => (to?.type === 'event' ? templateFields(to.entityId) : []));
}

function templateFields(text: string): readonly string[] {
  return compileTemplate(text).parts.flatMap((part) => (typeof part === 'string' ? [] : part.text));
}
