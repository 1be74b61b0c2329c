/**
 * Bounds of the schemas that users give, of their compilation and of validation with them. Together they
 * bound the time of each; docs/decisions/schema-validation.md has the numbers that were measured.
 * The largest of GitHub's webhook events takes 42 kB, 10 levels, 577 subschemas and 34 referenced ones.
 */

/** A schema as JSON text in UTF-8. */
export const schemaBytesMax = 64 * 1024;
/** Subschemas inside each other, as they are written; definitions are levels of their own. */
export const schemaDepthMax = 16;
export const subschemasMax = 1_000;
/** Subschemas that a `$ref` names: each is a function. */
export const referencedSubschemasMax = 256;
/** Subschemas that look at the same value, references followed: what doubles with each level is refused. */
export const evaluationsOfOneValueMax = 10_000;
export const patternCharactersMax = 1_024;
/** Instructions of all compiled patterns of a schema: the time of a match grows with them. */
export const patternInstructionsMax = 2_000;
/** `uniqueItems` needs a `maxItems` up to this. */
export const uniqueItemsMax = 100;
/** Violations in one answer. */
export const violationsMax = 20;
/** Pointer of a violation, then it is cut. */
export const pointerCharactersMax = 1_024;
/** Steps of one validation; a step takes about 5 ns. */
export const validationStepsMax = 30_000_000;
/** Steps for all payloads of one append together. */
export const appendStepsMax = 200_000_000;
/** Steps that are spent to find further violations behind the first. */
export const furtherStepsMax = 200_000;
/** Time for a schema to compile in its trial, or to be compared, the start of a worker thread included. */
export const threadTimeoutMs = 10_000;
/** Heap of the worker thread that does it. */
export const threadHeapMiB = 128;
/** Stack for trials, less than the main thread has: what compiles there compiles here. */
export const trialStackMiB = 0.8;
/** Stack for comparisons, for all questions within each other that they may come to. */
export const comparisonStackMiB = 3;
