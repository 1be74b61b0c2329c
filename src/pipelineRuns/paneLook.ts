import type { PipelineDefinition } from '../pipelines/index.js';

/** While no event comes, open panes are looked after so often: a share of their length. */
const paneLookShare = 0.05;
const paneLookMsMin = 500;
const paneLookMsMax = 60_000;

/** In milliseconds; undefined where no window goes by the time of the store. */
export function paneLookOf({ operators }: PipelineDefinition): number | undefined {
  const seconds = operators.flatMap((operator) => {
    if (operator.type !== 'window' || operator.config.timeField !== undefined) return [];
    const { config } = operator;
    if ('sizeSeconds' in config) return [config.sizeSeconds];
    return ['sessionTimeoutSeconds' in config ? config.sessionTimeoutSeconds : Infinity];
  });
  if (seconds.length === 0) return undefined;
  return Math.min(
    Math.max(Math.min(...seconds) * 1000 * paneLookShare, paneLookMsMin),
    paneLookMsMax,
  );
}
