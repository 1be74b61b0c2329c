import { AllSourceError, Fields, isEventType, patternRule } from '../../domain/index.js';
import type { ErrorDetail, JsonObject, TextRule } from '../../domain/index.js';
import {
  definitionBytesMax,
  descriptionCharactersMax,
  operatorsMax,
  sourceTypesMax,
} from './limits.js';
import { checkOperator, operatorFields, operatorToWire } from './operator.js';
import { checkOutput, nameRule, outputToWire, typeOf } from './output.js';
import type { Operator, PipelineDefinition } from './types.js';

const definitionNames = [
  'name',
  'description',
  'tenant_id',
  'source_event_types',
  'operators',
  'enabled',
  'output',
] as const;

const operatorTypes = ['filter', 'map', 'reduce', 'window', 'enrich', 'branch'] as const;

const tenantRule = patternRule(/^[A-Za-z0-9_-]{1,64}$/, "expected 1-64 letters, digits, '-', '_'");
const sourceTypeRule: TextRule = {
  problem: (text) =>
    isEventType(text.replace(/\.\*$/, ''))
      ? undefined
      : 'expected an event type, or a prefix as order.*',
};
const descriptionRule: TextRule = {
  problem: (text) =>
    text.length <= descriptionCharactersMax
      ? undefined
      : `expected at most ${descriptionCharactersMax} characters`,
};

/**
 * The pipeline that a definition of the wire describes, with all defaults filled in. Throws
 * `validation_error` with every problem in `details`.
 */
export function checkDefinition(input: unknown): PipelineDefinition {
  const problems: ErrorDetail[] = [];
  const names = definitionNames;
  const fields = new Fields(input, { problems, path: '', what: 'a pipeline', names });
  const name = fields.text('name', nameRule);
  const description = fields.optionalText('description', descriptionRule);
  const definition: PipelineDefinition = {
    name,
    ...(description !== undefined && { description }),
    tenantId: fields.optionalText('tenant_id', tenantRule) ?? 'default',
    sourceEventTypes: fields.texts('source_event_types', {
      max: sourceTypesMax,
      rule: sourceTypeRule,
    }),
    operators: checkOperators(fields, name),
    enabled: fields.flag('enabled', true),
    output: fields.has('output')
      ? checkOutput(fields.raw('output'), 'output', { problems, pipeline: name })
      : { type: 'topic', name },
  };
  if (problems.length === 0) checkBytes(definition, problems);
  if (problems.length > 0) throw problemsError(problems);
  return definition;
}

/** The definition as it stands on the wire; `checkDefinition` makes the same of it again. */
export function definitionToWire(definition: PipelineDefinition): JsonObject {
  const { name, description, tenantId, sourceEventTypes, operators, enabled, output } = definition;
  return {
    name,
    ...(description !== undefined && { description }),
    tenant_id: tenantId,
    source_event_types: [...sourceEventTypes],
    operators: operators.map(operatorToWire),
    enabled,
    output: outputToWire(output),
  };
}

function checkOperators(fields: Fields, pipeline: string): Operator[] {
  const list = fields.raw('operators');
  if (!Array.isArray(list) || list.length > operatorsMax) {
    fields.add('operators', `expected an array of at most ${operatorsMax} operators`);
    return [];
  }
  return list.flatMap((value: unknown, at) => {
    const path = `operators[${at}]`;
    const { problems } = fields;
    const type = operatorTypes.find((known) => known === typeOf(value));
    if (type === undefined) {
      // Its other fields depend on its type, so they are not looked at.
      const named = { problems, path, what: '', names: ['type'] };
      new Fields({ type: typeOf(value) }, named).oneOf('type', operatorTypes);
      return [];
    }
    if (type === 'branch' && at < list.length - 1) {
      problems.push({ field: path, reason: 'expected a branch as the last operator only' });
    }
    const names = ['type', ...operatorFields[type]];
    return checkOperator(type, new Fields(value, { problems, path, what: type, names }), pipeline);
  });
}

function checkBytes(definition: PipelineDefinition, problems: ErrorDetail[]): void {
  const text = JSON.stringify(definitionToWire(definition));
  if (new TextEncoder().encode(text).length <= definitionBytesMax) return;
  const reason = `expected at most ${definitionBytesMax} bytes for the whole definition as JSON`;
  problems.push({ field: 'operators', reason });
}

function problemsError(problems: readonly ErrorDetail[]): AllSourceError {
  const shown = problems
    .slice(0, 3)
    .map(({ field, reason }) => `${field || 'pipeline'}: ${reason}`);
  const more = problems.length > 3 ? `, and ${problems.length - 3} more in details` : '';
  return new AllSourceError('validation_error', `${shown.join('; ')}${more}`, {
    details: problems,
  });
}
