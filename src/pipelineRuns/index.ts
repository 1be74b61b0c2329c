export {
  droppedDocument,
  pipelineDocument,
  statisticsDocument,
  testDocument,
} from './documents.js';
export { outputsOf } from './outputs/outputs.js';
export { testEventsMax } from './dryRun.js';
export { PipelineRegistry } from './registry.js';
export * from './types.js';
