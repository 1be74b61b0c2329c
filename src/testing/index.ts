/** The test kit of allsource-core: `allsource-core/testing`. It needs no test runner of its own. */
export { testClock } from './clock.js';
export type { TestClock } from './clock.js';
export { anything, like } from './compare/matchers.js';
export { given } from './given.js';
export type { Given } from './given.js';
export type { DeciderGiven, DeciderScenario } from './scenarios/deciderScenario.js';
export type { PipelineScenario } from './scenarios/pipelineScenario.js';
export type { ProjectionScenario } from './scenarios/projectionScenario.js';
export type {
  DeciderEvent,
  ExpectedCounts,
  ExpectedEmission,
  ExpectedError,
  ExpectedEvent,
  GivenEnvelope,
  GivenEvent,
  ThroughOptions,
  WhenOptions,
} from './types.js';
