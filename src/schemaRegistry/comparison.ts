import { AllSourceError } from '../domain/index.js';
import { compareVersions, isTransitive, undecidedVersion } from '../schemas/index.js';
import type { CompatibilityMode, JsonSchema, VersionFinding } from '../schemas/index.js';
import type { SubjectRecord, VersionRecord } from './records.js';
import type { Subject } from './subject.js';

/** Of all comparisons of one registration or check; each has bounds of its own. */
export const comparisonTimeMaxMs = 10_000;

interface ComparisonOptions {
  readonly mode: CompatibilityMode;
  /** Milliseconds; for tests. */
  readonly timeMaxMs?: number;
}

/**
 * Why a schema may not come after the versions that there are. The comparisons run beside the other work of
 * the process; versions that time does not suffice for are undecidable.
 */
export async function findingsOf(
  versions: readonly VersionRecord[],
  schema: JsonSchema,
  { mode, timeMaxMs = comparisonTimeMaxMs }: ComparisonOptions,
): Promise<readonly VersionFinding[]> {
  if (mode === 'NONE') return [];
  const compared = isTransitive(mode) ? versions : versions.slice(-1);
  const deadline = performance.now() + timeMaxMs;
  const findings: VersionFinding[] = [];
  // What was written last is what is read most.
  for (const [at, record] of compared.toReversed().entries()) {
    if (performance.now() > deadline) {
      findings.push(tooMany(record, compared.length - at));
      break;
    }
    findings.unshift(...(await compareVersions(record, schema, { mode })));
  }
  return findings;
}

function tooMany({ version }: VersionRecord, count: number): VersionFinding {
  const advice =
    `comparing with ${count} versions up to this one would take more than ` +
    `${comparisonTimeMaxMs / 1000} s in all; delete versions that no event has, or choose a mode ` +
    'that is not transitive';
  return undecidedVersion(version, advice);
}

/**
 * Whether payloads of the version that was registered last are valid under the next one as they are, which the
 * mode allows. Most modes have just found out.
 */
export async function takesPrevious(
  next: JsonSchema,
  { latest, all }: Pick<Subject, 'all' | 'latest'>,
  mode: CompatibilityMode,
): Promise<boolean> {
  const previous = all.at(-1);
  if (previous === undefined) return false;
  if (previous === latest && (mode.startsWith('BACKWARD') || mode.startsWith('FULL'))) return true;
  return (await compareVersions(previous, next, { mode: 'BACKWARD' })).length === 0;
}

export function incompatible(
  { subject, compatibility }: SubjectRecord,
  findings: readonly VersionFinding[],
): AllSourceError {
  const details = findings.map(({ version, pointer, kind, advice }) => {
    return { field: 'schema', subject, version, pointer, rule: kind, reason: advice };
  });
  const [first] = findings;
  const more = findings.length > 1 ? `, and ${findings.length - 1} more in details` : '';
  const message =
    `schema${first?.pointer ?? ''}: ${first?.kind ?? ''} against version ${first?.version ?? 0} of ` +
    `${subject}, which is ${compatibility}: ${first?.advice ?? ''}${more}`;
  return new AllSourceError('incompatible_schema', message, { details });
}
