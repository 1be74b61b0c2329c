import { isEqual } from '../../domain/index.js';
import type { ProjectionStorage, StateSpace } from '../storage/types.js';
import type { RebuildReport } from '../types.js';

/** Keys that are compared, and differences that are told. */
const comparedMax = 10_000;
const toldMax = 100;
const pageKeys = 1000;

/** Compares two sets of states that are at the same position: the first keys of either. */
export async function compareRuns(
  storage: ProjectionStorage,
  before: StateSpace,
  after: StateSpace,
): Promise<RebuildReport> {
  const different = new Set<string>();
  const seen = new Set<string>();
  for (const [space, other] of [
    [before, after],
    [after, before],
  ] as const) {
    let from: string | null = null;
    do {
      const page: Awaited<ReturnType<ProjectionStorage['list']>> = await storage.list(space, {
        prefix: '',
        from,
        limit: pageKeys,
      });
      const keys = page.states.map(({ key }) => key);
      const others = await storage.load(other, keys);
      for (const [i, { key, state }] of page.states.entries()) {
        seen.add(key);
        const counterpart = others[i];
        if (counterpart === undefined || !isEqual(state, counterpart)) different.add(key);
      }
      from = page.next;
    } while (from !== null && seen.size < comparedMax);
  }
  return { keys: seen.size, different: [...different].slice(0, toldMax) };
}
