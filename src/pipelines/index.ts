export { pipeline } from './builder/pipeline.js';
export type { BranchedPipeline, PipelineBuilder } from './builder/pipeline.js';
export type {
  AggregationSpec,
  Duration,
  EnrichFromSpec,
  EnrichSpec,
  EventOutputSpec,
  OutputSpec,
  PipelineOptions,
  ReduceSpec,
  TransformText,
  WindowSpec,
} from './builder/types.js';
export { checkDefinition, definitionToWire } from './definition/checkDefinition.js';
export { isName } from './definition/output.js';
export type {
  AggregateFunction,
  Aggregation,
  BranchOperator,
  CalendarUnit,
  EnrichFrom,
  EnrichOperator,
  EventOutput,
  FilterOp,
  FilterOperator,
  MapOperator,
  Operator,
  Output,
  PipelineDefinition,
  ReduceOperator,
  TopicOutput,
  WebhookOutput,
  WindowConfig,
  WindowOperator,
} from './definition/types.js';
export { createMachine } from './machine.js';
export { usedMembers } from './operators/usedFields.js';
export type { MachineOptions, PipelineMachine } from './machine.js';
export type { EnrichRequest, EnrichSource } from './operators/enrich.js';
export type { Columns, PipelineEvent } from './value/columns.js';
export { RunningResult } from './value/runningResult.js';
export { Scout } from './scout.js';
export type { Dropped, Emission, PipelineResult } from './result.js';
export type { StateChange, StateEntry } from './state/changes.js';
export type { PipelineStatistics } from './state/statistics.js';
