import type { Operator } from '../definition/types.js';
import { WindowStage } from '../window/windowStage.js';
import { BranchStage } from './branch.js';
import { EnrichStage } from './enrich.js';
import type { EnrichContext } from './enrich.js';
import { FilterStage } from './filter.js';
import { MapStage } from './map.js';
import { ReduceStage } from './reduce.js';
import type { Stage, StageContext } from './stage.js';

export function makeStage(operator: Operator, context: StageContext, enrich: EnrichContext): Stage {
  switch (operator.type) {
    case 'filter':
      return new FilterStage(operator, context);
    case 'map':
      return new MapStage(operator, context);
    case 'reduce':
      return new ReduceStage(operator, context);
    case 'window':
      return new WindowStage(operator, context);
    case 'enrich':
      return new EnrichStage(operator, enrich);
    case 'branch':
      return new BranchStage(operator);
  }
}
