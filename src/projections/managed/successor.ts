import { AllSourceError } from '../../domain/index.js';
import { isKeptElsewhere } from '../record.js';
import type { GenerationRecord, ProjectionRecord } from '../record.js';
import type { Projection } from '../types.js';

export interface Started {
  readonly projection: Projection;
  readonly tenantId: string;
  readonly isElsewhere: boolean;
}

export function kindOf({ declaration }: Projection): 'code' | 'declarative' {
  return declaration === null ? 'code' : 'declarative';
}

/** Whether its states are not those that there are: they are built. */
export function isAnother(
  { projection, isElsewhere }: Pick<Started, 'projection' | 'isElsewhere'>,
  known: ProjectionRecord,
): boolean {
  const newest = newestOf(known);
  return projection.version !== newest.version || isElsewhere !== isKeptElsewhere(newest);
}

/** Whether one may be started in the place of another: the same one, or a newer version of it. */
export function checkSuccessor(
  { projection, isElsewhere }: Started,
  known: ProjectionRecord,
): void {
  const { version, declaration } = projection;
  const newest = newestOf(known);
  const isSame = JSON.stringify(declaration) === JSON.stringify(known.declaration);
  const isRight = version > newest.version || (version === newest.version && isSame);
  const what = `projection ${known.name}`;
  if (kindOf(projection) !== known.kind || !isRight) {
    throw conflict(
      `${what}: there is one of this name, ${known.kind}, version ${newest.version}; this one is another, ` +
        `${kindOf(projection)}, version ${version}; take another name or a higher version`,
    );
  }
  if (version > newest.version || isElsewhere || !isKeptElsewhere(newest)) return;
  throw conflict(
    `${what}: its states are kept in a storage of their own; start it with that storage, or with a higher ` +
      'version to have them in the log',
  );
}

export function conflict(message: string): AllSourceError {
  return new AllSourceError('projection_conflict', message);
}

function newestOf({ building, current }: ProjectionRecord): GenerationRecord {
  return building ?? current;
}
