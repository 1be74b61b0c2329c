import { EventTypes } from '../domain/index.js';
import type { PipelineDefinition } from '../pipelines/index.js';
import { outputsOf } from './outputs/outputs.js';

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
  return outputsOf(from).some(({ output }) => {
    return (
      output.type === 'event' && new EventTypes(to.sourceEventTypes).includes(output.eventType)
    );
  });
}
