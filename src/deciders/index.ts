export { defineDecider } from './defineDecider.js';
export type { DeciderDefinition } from './defineDecider.js';
export { handle } from './handle.js';
export type {
  CommandStore,
  DecidedEvent,
  Decider,
  HandleOptions,
  HandledCommand,
} from './types.js';
