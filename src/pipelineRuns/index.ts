export {
  droppedDocument,
  pipelineDocument,
  statisticsDocument,
  testDocument,
} from './documents.js';
export { outputsOf } from './outputs.js';
export { PipelineRegistry, testEventsMax } from './registry.js';
export * from './types.js';
