import { EventTypes } from '../domain/index.js';
import type { Output, PipelineDefinition } from '../pipelines/index.js';

/**
 * The names of pipelines that would feed one another for ever with a new one among them, first the new
 * one; undefined where there is no such loop.
 */
export function findLoop(
  added: PipelineDefinition,
  others: readonly PipelineDefinition[],
): readonly string[] | undefined {
  const all = [added, ...others.filter(({ tenantId }) => tenantId === added.tenantId)];
  const visit = (
    definition: PipelineDefinition,
    path: readonly PipelineDefinition[],
  ): readonly string[] | undefined => {
    for (const next of all.filter((other) => feeds(definition, other))) {
      if (next === added) return [...path, definition].map(({ name }) => name);
      if (path.includes(next)) continue;
      const loop = visit(next, [...path, definition]);
      if (loop !== undefined) return loop;
    }
    return undefined;
  };
  return visit(added, []);
}

function feeds(from: PipelineDefinition, to: PipelineDefinition): boolean {
  return outputsOf(from).some((output) => {
    return (
      output.type === 'event' && new EventTypes(to.sourceEventTypes).includes(output.eventType)
    );
  });
}

/** Where results of a pipeline may go. */
export function outputsOf({ output, operators }: PipelineDefinition): readonly Output[] {
  const last = operators.at(-1);
  if (last?.type !== 'branch') return [output];
  const { branches, default: otherwise } = last;
  return [...Object.values(branches), ...(otherwise === undefined ? [] : [otherwise])];
}
