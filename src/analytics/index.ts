export { StoreAnalytics } from './storeAnalytics.js';
export {
  cohortsDocument,
  correlationDocument,
  countsDocument,
  fieldDocument,
  frequencyDocument,
  funnelDocument,
  summaryDocument,
} from './documents.js';
export {
  bucketSizeMax,
  cohortPeriodsDefault,
  cohortPeriodsMax,
  correlationWindowDefault,
  countsDefault,
  countsMax,
  funnelConditionsMax,
  funnelStepsMax,
  funnelWindowDefault,
  percentilesMax,
  windowSecondsMax,
} from './limits.js';
export type * from './types.js';
