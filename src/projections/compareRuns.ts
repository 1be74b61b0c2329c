import { toJsonText } from '../domain/index.js';
import type { JsonValue } from '../domain/index.js';
import type { ProjectionStorage, StateSpace } from './storage/types.js';
import type { RebuildReport } from './types.js';

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
        if (!isSame(state, others[i])) different.add(key);
      }
      from = page.next;
    } while (from !== null && seen.size < comparedMax);
  }
  return { keys: seen.size, different: [...different].slice(0, toldMax) };
}

function isSame(a: JsonValue, b: JsonValue | undefined): boolean {
  return b !== undefined && canonical(a) === canonical(b);
}

/** JSON text whose members are in the order of their names. */
function canonical(value: JsonValue): string {
  return toJsonText(sorted(value), 'state');
}

function sorted(value: JsonValue): readonly [JsonValue] {
  return [sortedValue(value)];
}

function sortedValue(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(sortedValue);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    members.map(([name, member]) => [name, sortedValue(member as JsonValue)]),
  );
}
