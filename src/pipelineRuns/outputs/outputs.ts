import type { Output, PipelineDefinition } from '../../pipelines/index.js';

/** An output, and where the definition has it. */
interface PlacedOutput {
  readonly field: string;
  readonly output: Output;
}

/** Where results of a pipeline may go. */
export function outputsOf({ output, operators }: PipelineDefinition): readonly PlacedOutput[] {
  const last = operators.at(-1);
  if (last?.type !== 'branch') return [{ field: 'output', output }];
  const field = `operators[${operators.length - 1}]`;
  const branches = Object.entries(last.branches).map(([value, to]) => {
    return { field: `${field}.branches.${value}`, output: to };
  });
  if (last.default === undefined) return branches;
  return [...branches, { field: `${field}.default`, output: last.default }];
}

/** What is recorded and told of a pipeline: secrets are the webhooks' own. */
export function withoutSecrets(definition: PipelineDefinition): PipelineDefinition {
  const operators = definition.operators.map((operator) => {
    if (operator.type !== 'branch') return operator;
    const entries = Object.entries(operator.branches);
    return {
      ...operator,
      branches: Object.fromEntries(entries.map(([value, to]) => [value, withoutSecret(to)])),
      ...(operator.default !== undefined && { default: withoutSecret(operator.default) }),
    };
  });
  return { ...definition, operators, output: withoutSecret(definition.output) };
}

function withoutSecret(output: Output): Output {
  return output.type === 'webhook' ? { type: 'webhook', url: output.url } : output;
}
