/** Buckets of time of one answer, the empty ones among them. */
export const bucketsMax = 10_000;
/** Counts of event types in all buckets of one answer. */
export const bucketCountsMax = 250_000;
/** Seconds of a bucket. */
export const bucketSizeMax = 366 * 86_400;
/** Different entities, event types or values that one answer tells apart, and bytes of their texts. */
export const distinctMax = 4_000_000;
export const distinctBytesMax = 256 * 1024 * 1024;
/** Names with the highest counts in a summary. */
export const summaryTop = 10;
/** Counts of one answer. */
export const countsDefault = 10;
export const countsMax = 1_000;
/** Seconds between two events that go together, and from the first step of a funnel to its last. */
export const windowSecondsMax = 10 * 366 * 86_400;
export const correlationWindowDefault = 3_600;
export const correlationExamples = 5;
/** Events that wait for one within the window behind them, at a time. */
export const waitingMax = 4_000_000;
export const funnelWindowDefault = 7 * 86_400;
export const funnelStepsMax = 10;
export const funnelConditionsMax = 5;
/** Entities in a funnel, times its steps. */
export const funnelCellsMax = 10_000_000;
export const cohortsMax = 1_000;
export const cohortPeriodsDefault = 12;
export const cohortPeriodsMax = 100;
/** Values of a field that percentiles are exact for, shared by the groups; a sample of so many beyond. */
export const percentileValuesMax = 2_000_000;
export const percentilesMax = 20;
export const groupsMax = 1_000;
/** Questions that are worked on at a time, and that may wait for their turn. */
export const questionsAtOnce = 2;
export const questionsWaitingMax = 100;
