import { AllSourceError } from '../../domain/index.js';
import { isKeptElsewhere } from '../record.js';
import type { GenerationRecord } from '../record.js';
import type { ProjectionStorage, StateSpace } from './types.js';

/** What `placedStorage` is made of. */
interface Places {
  readonly log: ProjectionStorage;
  /** What the user gave; without it new sets of states are in the log. */
  readonly given: ProjectionStorage | undefined;
  /** The sets of states that there are. */
  readonly generations: readonly (GenerationRecord | null)[];
}

/** Sends each set of states to where it is: in the log, or in a storage that the user gave. */
export function placedStorage({ log, given, generations }: Places): ProjectionStorage {
  const isElsewhere = given !== undefined;
  const others = new Set(
    generations.flatMap((one) =>
      one !== null && isKeptElsewhere(one) !== isElsewhere ? [one.generation] : [],
    ),
  );
  const own = given ?? log;
  if (others.size === 0) return own;
  const other = given === undefined ? unknownStorage : log;
  const of = ({ generation }: StateSpace) => (others.has(generation) ? other : own);
  return {
    keepsEventId: (space) => of(space).keepsEventId?.(space) ?? true,
    open: (space) => of(space).open(space),
    load: (space, keys) => of(space).load(space, keys),
    commit: (space, commit) => of(space).commit(space, commit),
    list: (space, page) => of(space).list(space, page),
    parked: (space) => of(space).parked(space),
    activate: async (space) => of(space).activate?.(space),
    drop: async (space) => {
      await other.drop(space);
      await own.drop(space);
    },
    rewrite: async (space) => of(space).rewrite?.(space),
  };
}

/** Stands for a storage that was not given in this process. */
const unknownStorage: ProjectionStorage = {
  // Whether it is there, how far it is and how it fares can be asked all the same.
  open: async () => ({ position: 0, parked: 0 }),
  load: refuse,
  commit: refuse,
  list: refuse,
  parked: refuse,
  // Its rows stay until a projection of this name is started with it.
  drop: async () => {},
};

async function refuse({ projection }: StateSpace): Promise<never> {
  const message =
    `projection ${projection}: its states are kept in a storage of their own, which was not given in this ` +
    'process; start it with that storage to read them';
  throw new AllSourceError('projection_stopped', message);
}
