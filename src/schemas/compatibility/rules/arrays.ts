import type { JsonValue } from '../../../domain/index.js';
import { keyword, schemaAt } from '../schema/document.js';
import type { SchemaNode } from '../schema/document.js';
import { countOf, itemsAt } from '../parts.js';
import { arrayRulesOf, asksForItem } from '../shape.js';
import type { Shape } from '../shape.js';
import type { Refusal } from '../types.js';
import type { Goal } from './goal.js';
import { givenAt, refuse, schemaOf, undecidedAt } from './goal.js';
import { countRefusals } from './scalars.js';

export function arrayRefusals(goal: Goal): readonly Refusal[] {
  const itemsMax = mostItems(goal);
  const most = keyword(goal.demand, 'maxItems');
  return [
    ...itemRefusals(goal, itemsMax),
    ...countRefusals(goal, 'minItems'),
    ...(typeof most === 'number' && itemsMax > most ? countRefusals(goal, 'maxItems') : []),
    ...uniqueRefusals(goal, itemsMax),
    ...containsRefusals(goal),
  ];
}

/** The most items that an array can have: it ends before an item that nothing is valid for. */
function mostItems({ containment, shape }: Goal): number {
  const most = countOf(shape, 'maxItems');
  for (let at = 0; at <= longestPrefix(shape) && at < most; at += 1) {
    if (!containment.spend(1)) return most;
    if (containment.within(() => containment.emptiness.isEmpty(itemsAt(shape, at)))) return at;
  }
  return most;
}

function longestPrefix({ arrays }: Shape): number {
  return arrays.reduce((longest, { prefix }) => Math.max(longest, prefix.length), 0);
}

function itemRefusals(goal: Goal, itemsMax: number): readonly Refusal[] {
  const { shape, demand } = goal;
  const { prefix, rest } = arrayRulesOf(demand);
  const found: Refusal[] = [];
  // Behind the longest prefix, of either, one item stands for all.
  const end = Math.max(prefix.length, longestPrefix(shape)) + 1;
  for (let at = 0; at < end && at < itemsMax; at += 1) {
    const wanted = at < prefix.length ? prefix[at] : rest;
    if (wanted !== undefined) found.push(...ofItem(goal, itemsAt(shape, at), wanted));
    if (wanted?.schema === false && found.length > 0) break;
  }
  return found;
}

function ofItem(goal: Goal, given: readonly SchemaNode[], wanted: SchemaNode): readonly Refusal[] {
  const found = goal.containment.refusalsWithin(given, wanted);
  if (found.length === 0 || wanted.schema !== false) return found;
  const [, word = ''] = wanted.pointer.slice(goal.demand.pointer.length).split('/');
  return [refuse(goal, { rule: 'items', at: [word], given: schemaOf(given) })];
}

function uniqueRefusals(goal: Goal, itemsMax: number): readonly Refusal[] {
  if (keyword(goal.demand, 'uniqueItems') !== true) return [];
  if (goal.shape.isUnique || itemsMax <= 1) return [];
  const given = givenAt(goal, 'uniqueItems');
  return [refuse(goal, { rule: 'unique', at: ['uniqueItems'], given })];
}

function containsRefusals(goal: Goal): readonly Refusal[] {
  const { shape, demand, containment } = goal;
  const wanted = schemaAt(demand, 'contains');
  if (wanted === undefined) return [];
  if (isCounted(goal, wanted)) return [];
  if (['minContains', 'maxContains'].some((word) => keyword(demand, word) !== undefined)) {
    const reason = 'minContains and maxContains are compared for the same contains only';
    return [undecidedAt(goal, 'contains', reason, givenAt(goal, 'contains'))];
  }
  const isTaken = (nodes: readonly SchemaNode[]): boolean =>
    containment.refusalsWithin(nodes, wanted).length === 0;
  if (shape.contains.some((node) => isTaken([node]))) return [];
  const itemsMin = Math.min(countOf(shape, 'minItems'), longestPrefix(shape) + 1);
  for (let at = 0; at < itemsMin; at += 1) if (isTaken(itemsAt(shape, at))) return [];
  const given = givenAt(goal, 'contains');
  if (given === undefined) return [refuse(goal, { rule: 'contains', at: ['contains'], given })];
  return [undecidedAt(goal, 'contains', 'another item is asked for than before', given)];
}

/** Whether as many of the same items are asked for; a count is decided for the same schema only. */
function isCounted({ shape, demand, containment }: Goal, wanted: SchemaNode): boolean {
  const demanded = countsOf(demand);
  if (demanded.least === 0 && demanded.most === Infinity) return true;
  return shape.nodes.some((node) => {
    const counted = schemaAt(node, 'contains');
    if (counted === undefined || !asksForItem(node)) return false;
    if (!containment.sameness.areSame(counted, wanted)) return false;
    const given = countsOf(node);
    return given.least >= demanded.least && given.most <= demanded.most;
  });
}

function countsOf(node: SchemaNode): { readonly least: number; readonly most: number } {
  // They are no keywords of draft-07.
  const of = (word: string): JsonValue | undefined =>
    node.document.draft === '2020-12' ? keyword(node, word) : undefined;
  const [least, most] = [of('minContains'), of('maxContains')];
  return {
    least: typeof least === 'number' ? least : 1,
    most: typeof most === 'number' ? most : Infinity,
  };
}
