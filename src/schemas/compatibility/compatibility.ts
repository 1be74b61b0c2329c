import { canonicalText } from '../../domain/index.js';
import type { JsonSchema } from '../jsonSchema.js';
import { Containment, tooLarge } from './containment.js';
import { NodeIds, SchemaDocument } from './schema/document.js';
import { toFinding } from './findings.js';
import { matchesPlainly } from './plainPattern.js';
import type {
  CompatibilityDirection,
  CompatibilityMode,
  CompatibilityOptions,
  Finding,
  PairMode,
  PatternMatcher,
  Refusal,
} from './types.js';

export const compatibilityModes = [
  'NONE',
  'BACKWARD',
  'FORWARD',
  'FULL',
  'BACKWARD_TRANSITIVE',
  'FORWARD_TRANSITIVE',
  'FULL_TRANSITIVE',
] as const satisfies readonly CompatibilityMode[];

const directions: Record<PairMode, readonly CompatibilityDirection[]> = {
  BACKWARD: ['backward'],
  FORWARD: ['forward'],
  FULL: ['backward', 'forward'],
};

/**
 * Why two schemas are not compatible; empty where they are. Both are valid schemas of draft-07 or 2020-12 (what
 * `$schema` does not say is 2020-12), and are not kept. Empty is certain: by JSON Schema no value contradicts it.
 * A finding of another kind than `undecidable` names what to change; `undecidable` counts as breaking. The work is
 * bounded, to about a second: what takes longer is undecidable. At most 100 findings a direction. Never throws.
 *
 * ```ts
 * const findings = compatibilityFindings({ required: ['a'] }, { required: ['a', 'b'] });
 * findings[0]?.kind; // 'required_added'
 * ```
 */
export function compatibilityFindings(
  previous: JsonSchema,
  next: JsonSchema,
  { mode = 'BACKWARD', matches = matchesPlainly }: CompatibilityOptions = {},
): readonly Finding[] {
  const [before, after] = [canonicalText(previous), canonicalText(next)];
  if (before !== undefined && before === after) return [];
  return directions[mode].flatMap((direction) => {
    const isTooDeep = before === undefined || after === undefined;
    const [given, demand] = direction === 'backward' ? [previous, next] : [next, previous];
    const refusals = isTooDeep ? [tooLarge('')] : refusalsBetween(given, demand, matches);
    return withoutRepetition(refusals.map((refusal) => toFinding(refusal, direction)));
  });
}

/** An earlier version of a subject. */
export interface EarlierVersion {
  readonly version: number;
  readonly schema: JsonSchema;
}

export interface VersionFinding extends Finding {
  /** The earlier version that the next schema is not compatible with. */
  readonly version: number;
}

/**
 * Why a schema may not come after those that there are, in the order of their versions: after the last of them, or
 * after each where the mode is transitive. NONE finds nothing.
 */
export function findingsAgainst(
  versions: readonly EarlierVersion[],
  next: JsonSchema,
  { mode, matches }: { readonly mode: CompatibilityMode; readonly matches?: PatternMatcher },
): readonly VersionFinding[] {
  if (mode === 'NONE') return [];
  const compared = isTransitive(mode) ? versions : versions.slice(-1);
  const options = { mode: pairModeOf(mode), ...(matches === undefined ? {} : { matches }) };
  return compared.flatMap(({ version, schema }) =>
    compatibilityFindings(schema, next, options).map((finding) => ({ version, ...finding })),
  );
}

/** What is said of a version that could not be compared. */
export function undecidedVersion(version: number, advice: string): VersionFinding {
  const place = { version, pointer: '', direction: 'backward' } as const;
  return { ...place, kind: 'undecidable', was: undefined, is: undefined, advice };
}

export function isTransitive(mode: CompatibilityMode): boolean {
  return mode.endsWith('_TRANSITIVE');
}

function pairModeOf(mode: Exclude<CompatibilityMode, 'NONE'>): PairMode {
  if (mode.startsWith('BACKWARD')) return 'BACKWARD';
  return mode.startsWith('FORWARD') ? 'FORWARD' : 'FULL';
}

function refusalsBetween(
  given: JsonSchema,
  demand: JsonSchema,
  matches: PatternMatcher,
): readonly Refusal[] {
  const ids = new NodeIds();
  const containment = new Containment(matches);
  const before = new SchemaDocument(given, ids).root;
  const found = containment.refusals([before], new SchemaDocument(demand, ids).root);
  // Once the work is used up, what else was found may be so for that reason only.
  return containment.isSpent && found.length > 0 ? [tooLarge('')] : found;
}

function withoutRepetition(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ kind, pointer, advice }) => {
    const key = `${kind} ${pointer} ${advice}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
