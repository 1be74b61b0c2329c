export {
  droppedDocument,
  pipelineDocument,
  statisticsDocument,
  testDocument,
} from './documents.js';
export { PipelineRegistry } from './registry.js';
export * from './types.js';
