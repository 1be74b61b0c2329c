import type { Aggregation, Operator, PipelineDefinition } from '../definition/types.js';
import { compilePath } from '../value/path.js';
import { compileTemplate } from '../value/template.js';

/**
 * The members of payloads that a pipeline looks at: with others it does the same. Undefined where it may
 * look at all, as one does whose results are payloads.
 */
export function usedMembers({ operators }: PipelineDefinition): readonly string[] | undefined {
  // What it makes of an event has nothing else of its payload.
  const last = operators.findIndex(({ type }) => type === 'reduce' || type === 'window');
  if (last < 0) return undefined;
  const members = new Set<string>();
  for (const field of operators.slice(0, last + 1).flatMap(fieldsOf)) {
    const { segments, ofEvent } = compilePath(field);
    const [first] = segments;
    if (first !== undefined) members.add(first.name);
    else if (ofEvent === undefined) return undefined;
  }
  return [...members];
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

function templateFields(text: string): readonly string[] {
  return compileTemplate(text).parts.flatMap((part) => (typeof part === 'string' ? [] : part.text));
}
