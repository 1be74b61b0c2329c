export { PipelineRegistry } from './registry.js';
export * from './types.js';
