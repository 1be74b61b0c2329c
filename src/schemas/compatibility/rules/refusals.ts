import type { Containment } from '../containment.js';
import type { SchemaNode } from '../schema/document.js';
import { typeBits, typeNames, typesOf } from '../schema/jsonTypes.js';
import type { Refusal } from '../types.js';
import { arrayRefusals } from './arrays.js';
import { combinationRefusals } from './combinations.js';
import type { Goal } from './goal.js';
import { refuse } from './goal.js';
import { objectRefusals } from './objects.js';
import { numberRefusals, opaqueRefusals, textRefusals, valueRefusals } from './scalars.js';

/** Goes through the keywords of a demand; what is given is one schema or several that all hold. */
export function refusalsOf(
  containment: Containment,
  given: readonly SchemaNode[],
  demand: SchemaNode,
): readonly Refusal[] {
  const shape = containment.shapeOf(given);
  const goal: Goal = {
    containment,
    given,
    shape,
    demand,
    types: shape.types & typesOf(demand),
  };
  if (demand.schema === false) {
    const given = typeNames(shape.types) as readonly string[];
    return [{ rule: 'nothing', pointer: demand.pointer, given, demanded: false }];
  }
  containment.spend(Object.keys(demand.schema).length);
  return [
    ...typeRefusals(goal),
    ...valueRefusals(goal),
    ...(goal.types & typeBits.number ? numberRefusals(goal) : []),
    ...textRefusals(goal),
    ...(goal.types & typeBits.array ? arrayRefusals(goal) : []),
    ...(goal.types & typeBits.object ? objectRefusals(goal) : []),
    ...combinationRefusals(goal),
    ...opaqueRefusals(goal),
  ];
}

function typeRefusals(goal: Goal): readonly Refusal[] {
  const { shape, types } = goal;
  if ((shape.types & ~types) === 0) return [];
  const names: readonly string[] = typeNames(shape.types);
  const given = names.length === 1 ? names[0] : names;
  // Where every type is given, none was named.
  return [
    refuse(goal, { rule: 'type', at: ['type'], given: names.length > 5 ? undefined : given }),
  ];
}
