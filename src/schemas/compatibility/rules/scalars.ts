import { keyword } from '../schema/document.js';
import { fractionBit, typeBits } from '../schema/jsonTypes.js';
import type { Count } from '../parts.js';
import { countOf, integerRange } from '../parts.js';
import type { Bound } from '../shape.js';
import { lowerBoundsOf, upperBoundsOf } from '../shape.js';
import type { Refusal } from '../types.js';
import { contextWords, opaqueWords } from '../schema/words.js';
import type { Goal } from './goal.js';
import { givenAt, refuse, undecidedAt } from './goal.js';

/** Formats of ajv-formats that say something of numbers; all others are of strings. */
const numberFormats: ReadonlySet<string> = new Set(['int32', 'int64', 'float', 'double']);

/** enum and const, which take some values only. */
export function valueRefusals(goal: Goal): readonly Refusal[] {
  const { demand, shape } = goal;
  return ['enum', 'const'].flatMap((word) => {
    if (keyword(demand, word) === undefined) return [];
    if (shape.members === undefined) {
      return [refuse(goal, { rule: 'values', at: [word], given: undefined })];
    }
    return [undecidedAt(goal, word, 'it is not known which values are valid', shape.members)];
  });
}

export function numberRefusals(goal: Goal): readonly Refusal[] {
  const { demand, shape } = goal;
  const range = integerRange(shape);
  const isInteger = (goal.types & fractionBit) === 0;
  const lower = isInteger ? tighter(range.least) : shape.lower;
  const upper = isInteger ? tighter(range.most) : shape.upper;
  const low = lowerBoundsOf(demand).filter((bound) => !isWithin(lower, bound, 1));
  const high = upperBoundsOf(demand).filter((bound) => !isWithin(upper, bound, -1));
  return [
    ...low.map(({ isExclusive }) => bound(goal, isExclusive ? 'exclusiveMinimum' : 'minimum')),
    ...high.map(({ isExclusive }) => bound(goal, isExclusive ? 'exclusiveMaximum' : 'maximum')),
    ...multipleRefusals(goal),
  ];
}

/** Bounds of lengths and numbers of items or members. */
export function countRefusals(goal: Goal, ...names: readonly Count[]): readonly Refusal[] {
  return names
    .filter((name) => {
      const demanded = keyword(goal.demand, name);
      if (typeof demanded !== 'number') return false;
      const given = countOf(goal.shape, name);
      return name.startsWith('min') ? given < demanded : given > demanded;
    })
    .map((name) => bound(goal, name));
}

export function textRefusals(goal: Goal): readonly Refusal[] {
  const { demand, shape, types } = goal;
  const found = [...formatRefusals(goal)];
  if ((types & typeBits.string) === 0) return found;
  found.push(...countRefusals(goal, 'minLength', 'maxLength'));
  const pattern = keyword(demand, 'pattern');
  if (typeof pattern !== 'string' || shape.patterns.has(pattern)) return found;
  const given = givenAt(goal, 'pattern');
  return [
    ...found,
    given === undefined
      ? refuse(goal, { rule: 'pattern', at: ['pattern'], given })
      : undecidedAt(goal, 'pattern', 'patterns are compared by their text only', given),
  ];
}

/** Keywords that hold only where what is given has the very same. */
export function opaqueRefusals(goal: Goal): readonly Refusal[] {
  const { demand, shape, containment } = goal;
  const found: Refusal[] = [];
  for (const word of opaqueWords) {
    if (keyword(demand, word) === undefined) continue;
    if (shape.nodes.some((node) => containment.sameness.haveSame(node, demand, word))) continue;
    found.push(undecidedAt(goal, word, `${word} is not reasoned about`, givenAt(goal, word)));
  }
  for (const word of contextWords) {
    if (keyword(demand, word) === undefined) continue;
    const reason = `${word} depends on the schemas around it, and these differ`;
    found.push(undecidedAt(goal, word, reason, givenAt(goal, word)));
  }
  return found;
}

function bound(goal: Goal, word: string): Refusal {
  return refuse(goal, { rule: 'bound', at: [word], given: givenAt(goal, word) });
}

function tighter(value: number): Bound | undefined {
  return Number.isFinite(value) ? { value, isExclusive: false } : undefined;
}

/** Whether a bound is at least as tight as a demanded one: of minima with sign 1, of maxima with sign -1. */
function isWithin(given: Bound | undefined, demanded: Bound, sign: 1 | -1): boolean {
  if (given === undefined) return false;
  const difference = (given.value - demanded.value) * sign;
  return difference > 0 || (difference === 0 && (given.isExclusive || !demanded.isExclusive));
}

function multipleRefusals(goal: Goal): readonly Refusal[] {
  const { demand, shape, types } = goal;
  const demanded = keyword(demand, 'multipleOf');
  if (typeof demanded !== 'number' || shape.multiples.includes(demanded)) return [];
  const given = (types & fractionBit) === 0 ? [...shape.multiples, 1] : shape.multiples;
  const was = givenAt(goal, 'multipleOf');
  if (given.some((multiple) => isMultiple(multiple, demanded))) {
    if (isDividedExactly(goal)) return [];
    return [undecidedAt(goal, 'multipleOf', roundedReason, was)];
  }
  const isDecided = shape.multiples.every(Number.isInteger) && Number.isInteger(demanded);
  if (isDecided && shape.multiples.length < 2) return [bound(goal, 'multipleOf')];
  return [undecidedAt(goal, 'multipleOf', 'only whole numbers are divided', was)];
}

const roundedReason =
  'validation divides doubles, which is exact for integers up to 2^53 only; give type, minimum and maximum';

function isMultiple(value: number, of: number): boolean {
  return Number.isSafeInteger(value) && Number.isSafeInteger(of) && value % of === 0;
}

/** Not so from 2^53 on, and for fractions near 0, of which a part is 0. */
function isDividedExactly({ shape: { lower, upper }, types }: Goal): boolean {
  if ((types & fractionBit) !== 0 || lower === undefined || upper === undefined) return false;
  return lower.value >= Number.MIN_SAFE_INTEGER && upper.value <= Number.MAX_SAFE_INTEGER;
}

function formatRefusals(goal: Goal): readonly Refusal[] {
  const { demand, shape, types } = goal;
  const format = keyword(demand, 'format');
  if (typeof format !== 'string' || shape.formats.has(format)) return [];
  const about = numberFormats.has(format) ? typeBits.number : typeBits.string;
  if ((types & about) === 0) return [];
  const given = givenAt(goal, 'format');
  if (given === undefined) return [refuse(goal, { rule: 'format', at: ['format'], given })];
  const reason = 'of two formats it is not known whether one is part of the other';
  return [undecidedAt(goal, 'format', reason, given)];
}
