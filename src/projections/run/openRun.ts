import { AllSourceError } from '../../domain/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { GenerationRecord, ProjectionRecord } from '../record.js';
import type { ProjectionStorage, StateSpace } from '../storage/types.js';
import type { Projection } from '../types.js';
import { ProjectionRun } from './projectionRun.js';

interface RunPlace {
  readonly log: SystemAccess;
  readonly storage: ProjectionStorage;
  /** Undefined where its code was not started in this process. */
  readonly projection: Projection | undefined;
}

/** One set of states of a projection, where it is. */
export function openRun(
  { log, storage, projection }: RunPlace,
  record: ProjectionRecord,
  generation: GenerationRecord,
): Promise<ProjectionRun> {
  const space = spaceOf(record, generation);
  const known = projection ?? unknownProjection(record.name);
  const { after, replay } = generation;
  return ProjectionRun.open({ log, storage, space, projection: known, after, replay });
}

export function spaceOf(
  { tenantId, name }: ProjectionRecord,
  { generation }: GenerationRecord,
): StateSpace {
  return { tenantId, projection: name, generation };
}

/** Stands for one whose code was not started here: its states can be read, and it is never run. */
function unknownProjection(name: string): Projection {
  const fail = (): never => {
    throw new AllSourceError('projection_stopped', `projection ${name}: its code was not started`);
  };
  return {
    ...{ name, version: 0, onError: 'stop', filter: {}, declaration: null, readsPayload: true },
    handles: fail,
    keyOf: fail,
    init: fail,
    apply: fail,
  };
}
