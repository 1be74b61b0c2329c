import { undecidedVersion } from '../compatibility/compatibility.js';
import type { EarlierVersion, VersionFinding } from '../compatibility/compatibility.js';
import type { CompatibilityMode } from '../compatibility/types.js';
import type { JsonSchema } from '../jsonSchema.js';
import { comparisonStackMiB, threadTimeoutMs } from '../validation/limits.js';
import { SchemaThread } from './schemaThread.js';

export interface CompareOptions {
  readonly mode: CompatibilityMode;
  /** Time it may take, the start of the thread included. @default 10000 */
  readonly timeoutMs?: number | undefined;
}

/** Comparisons leave nothing behind. */
const thread = new SchemaThread({ stackMiB: comparisonStackMiB, questionsMax: Infinity });

/**
 * `findingsAgainst` one version, with patterns matched in linear time, in a worker thread: a comparison takes
 * up to about a second. Where it has to be ended, it is undecidable.
 */
export async function compareVersions(
  earlier: EarlierVersion,
  next: JsonSchema,
  { mode, timeoutMs = threadTimeoutMs }: CompareOptions,
): Promise<readonly VersionFinding[]> {
  const { version, schema } = earlier;
  const question = { kind: 'compare', earlier: { version, schema }, next, mode } as const;
  const { findings, reason = '' } = await thread.ask(question, timeoutMs);
  const advice = `comparing with this version failed: ${reason}; make the schemas simpler`;
  return findings ?? [undecidedVersion(version, advice)];
}
