import { keyword, negationOf, schemaAt, schemasIn } from '../schema/document.js';
import type { SchemaNode } from '../schema/document.js';
import type { TypeName } from '../schema/jsonTypes.js';
import { typeBits } from '../schema/jsonTypes.js';
import type { Refusal } from '../types.js';
import type { Goal } from './goal.js';
import { refuse, schemaOf, undecidedAt } from './goal.js';

/** `$ref`, and the keywords that put schemas together. */
export function combinationRefusals(goal: Goal): readonly Refusal[] {
  const { containment, demand, given } = goal;
  return [
    ...referenceRefusals(goal),
    ...schemasIn(demand, 'allOf').flatMap((node) => containment.refusals(given, node)),
    ...anyOfRefusals(goal),
    ...oneOfRefusals(goal),
    ...notRefusals(goal),
    ...conditionRefusals(goal),
  ];
}

function referenceRefusals(goal: Goal): readonly Refusal[] {
  const { containment, demand, given } = goal;
  const ref = keyword(demand, '$ref');
  if (ref === undefined) return [];
  const target = demand.document.resolve(ref);
  if (target !== undefined) return containment.refusals(given, target);
  return [undecidedAt(goal, '$ref', 'the reference leads to no schema of this document')];
}

function anyOfRefusals(goal: Goal): readonly Refusal[] {
  const branches = schemasIn(goal.demand, 'anyOf');
  if (branches.length === 0) return [];
  const isTaken = everyPart(goal, (given) =>
    branches.some((branch) => goal.containment.isContained(given, branch)),
  );
  return isTaken ? [] : [noBranch(goal, 'anyOf', branches)];
}

function oneOfRefusals(goal: Goal): readonly Refusal[] {
  const { containment, demand } = goal;
  const branches = schemasIn(demand, 'oneOf');
  if (branches.length === 0) return [];
  const isTaken = everyPart(goal, (given) =>
    branches.some(
      (branch, at) =>
        containment.isContained(given, branch) &&
        branches.every((other, i) => i === at || containment.emptiness.areApart(given, other)),
    ),
  );
  return isTaken ? [] : [noBranch(goal, 'oneOf', branches)];
}

/** Whether it holds for what is given, or for its part of each type. */
function everyPart(goal: Goal, holds: (given: readonly SchemaNode[]) => boolean): boolean {
  const { containment, demand, given, shape } = goal;
  if (holds(given)) return true;
  const types = (Object.keys(typeBits) as TypeName[]).filter(
    (name) => name !== 'integer' && (shape.types & typeBits[name]) !== 0,
  );
  if (types.length < 2) return false;
  return types.every((type) => {
    const part = demand.document.makeNode(`of ${type}`, demand.pointer, () => ({ type }));
    return holds([...given, part]) || containment.emptiness.areApart(given, part);
  });
}

function noBranch(goal: Goal, word: string, branches: readonly SchemaNode[]): Refusal {
  const { containment, given } = goal;
  const shown = schemaOf(given);
  if (branches.every((branch) => containment.emptiness.areApart(given, branch))) {
    return refuse(goal, { rule: 'alternative', at: [word], given: shown });
  }
  const reason =
    word === 'anyOf'
      ? 'no alternative alone is certain to take everything'
      : 'not exactly one alternative is certain to take everything';
  return undecidedAt(goal, word, reason, shown);
}

function notRefusals(goal: Goal): readonly Refusal[] {
  const { containment, demand, given, shape } = goal;
  const excluded = schemaAt(demand, 'not');
  if (excluded === undefined || containment.emptiness.areApart(given, excluded)) return [];
  if (shape.exclusions.some((node) => containment.isContained([excluded], node))) return [];
  const reason = 'it is not certain that nothing valid before is excluded';
  return [undecidedAt(goal, 'not', reason, schemaOf(given))];
}

function conditionRefusals(goal: Goal): readonly Refusal[] {
  const { containment, demand, given } = goal;
  const condition = schemaAt(demand, 'if');
  if (condition === undefined) return [];
  const [whenTrue, whenFalse] = [schemaAt(demand, 'then'), schemaAt(demand, 'else')];
  const found: Refusal[] = [];
  if (whenTrue !== undefined) found.push(...containment.refusals([...given, condition], whenTrue));
  if (whenFalse !== undefined) {
    found.push(...containment.refusals([...given, negationOf(condition)], whenFalse));
  }
  return found;
}
