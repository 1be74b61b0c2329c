import type { JsonValue } from '../../domain/index.js';
import { Emptiness } from './emptiness.js';
import { Evaluation } from './evaluation.js';
import { keyword, pointerTo } from './schema/document.js';
import type { SchemaNode } from './schema/document.js';
import { undecided } from './findings.js';
import { refusalsOf } from './rules/refusals.js';
import { Sameness } from './sameness.js';
import { makeShape } from './shape.js';
import type { Shape } from './shape.js';
import type { PatternMatcher, Refusal } from './types.js';

/** Steps of one comparison: all of them are about a second of work. */
const stepsMax = 50_000;
/** Comparisons within each other. */
const levelsMax = 200;
/** Choices that are split within each other: each has as many parts as it has alternatives. */
const splitsMax = 6;

/** Of one answer; whoever has put these right asks again. */
const refusalsMax = 100;

/** An answer that holds if open questions do. */
interface Provisional {
  readonly key: string;
  readonly depth: number;
  /** The outermost of these questions. */
  readonly leaned: number;
}

interface Question {
  /** How deep in the instance it was asked. */
  readonly depth: number;
  readonly order: number;
}

/**
 * Answers whether all that is valid under some schemas is valid under another. A question that comes up again while
 * it is being answered is taken to hold where it is about a part of the value: whatever makes it fail would then be
 * a smaller value, down to one without such a part. Asked about the same value again, it stays undecided.
 */
export class Containment {
  readonly emptiness: Emptiness;
  readonly evaluation: Evaluation;
  readonly sameness: Sameness;
  private steps = 0;
  private depth = 0;
  private splits = 0;
  /** The outermost open question that an answer was taken from. */
  private leaned = Infinity;
  private readonly open = new Map<string, Question>();
  /** In the order in which they were found. */
  private readonly provisional: Provisional[] = [];
  private readonly provisionalByKey = new Map<string, Provisional>();
  private readonly answers = new Map<string, readonly Refusal[]>();
  private readonly shapes = new Map<string, Shape>();

  constructor(readonly matches: PatternMatcher) {
    this.emptiness = new Emptiness(this);
    this.evaluation = new Evaluation(this);
    this.sameness = new Sameness(this);
  }

  /** Why not all that is valid under every schema given is valid under the demand; empty where all is. */
  refusals(given: readonly SchemaNode[], demand: SchemaNode): readonly Refusal[] {
    if (demand.schema === true) return [];
    const key = `${keyOf(given)}<${demand.id}`;
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const asked = this.open.get(key);
    if (asked !== undefined) return this.takenToHold(asked, demand);
    const held = this.provisionalByKey.get(key);
    // No less deep than it was found, since there it leant on questions about a larger value.
    if (held !== undefined && this.depth >= held.depth) {
      this.leaned = Math.min(this.leaned, held.leaned);
      return [];
    }
    if (!this.spend(1) || this.open.size >= levelsMax) return [tooLarge(demand.pointer)];
    return this.ask(key, given, demand);
  }

  private ask(key: string, given: readonly SchemaNode[], demand: SchemaNode): readonly Refusal[] {
    const question = { depth: this.depth, order: this.open.size };
    const begin = this.provisional.length;
    this.open.set(key, question);
    const { answer, leaned } = this.tracking(() => this.decide(given, demand), question.order);
    this.open.delete(key);
    // Parts of one answer are often the same, where references lead to one place.
    const refusals = [...new Set(answer)].slice(0, refusalsMax);
    if (refusals.length > 0) this.settle(begin, false);
    else if (leaned >= question.order) this.settle(begin, true);
    if (refusals.length > 0 || leaned >= question.order) this.answers.set(key, refusals);
    else this.hold({ key, depth: this.depth, leaned });
    return refusals;
  }

  private hold(held: Provisional): void {
    this.provisional.push(held);
    this.provisionalByKey.set(held.key, held);
  }

  /** What was found since a question was opened holds with it, or is not known any more. */
  private settle(begin: number, holds: boolean): void {
    for (const { key } of this.provisional.splice(begin)) {
      this.provisionalByKey.delete(key);
      if (holds) this.answers.set(key, []);
    }
  }

  isContained(given: readonly SchemaNode[], demand: SchemaNode): boolean {
    return this.refusals(given, demand).length === 0;
  }

  /** The same about a part of the value: a member or an item. */
  refusalsWithin(given: readonly SchemaNode[], demand: SchemaNode): readonly Refusal[] {
    return this.within(() => this.refusals(given, demand));
  }

  within<T>(ask: () => T): T {
    this.depth += 1;
    try {
      return ask();
    } finally {
      this.depth -= 1;
    }
  }

  /** Runs what may lean on open questions, and tells the outermost; those from `order` on are its own. */
  tracking<T>(ask: () => T, order: number): { readonly answer: T; readonly leaned: number } {
    const outer = this.leaned;
    this.leaned = Infinity;
    const answer = ask();
    const { leaned } = this;
    this.leaned = leaned >= order ? outer : Math.min(outer, leaned);
    return { answer, leaned };
  }

  shapeOf(given: readonly SchemaNode[]): Shape {
    const key = keyOf(given);
    let shape = this.shapes.get(key);
    if (shape === undefined) {
      shape = makeShape(given);
      this.spend(shape.nodes.length);
      this.shapes.set(key, shape);
    }
    return shape;
  }

  /** False once the work of this comparison is used up; no question is decided from then on. */
  spend(steps: number): boolean {
    this.steps += steps;
    return !this.isSpent;
  }

  get isSpent(): boolean {
    return this.steps > stepsMax;
  }

  private takenToHold(asked: Question, demand: SchemaNode): readonly Refusal[] {
    if (asked.depth === this.depth) {
      return [unanswered(demand.pointer, 'the schema refers to itself for the same value')];
    }
    this.leaned = Math.min(this.leaned, asked.order);
    return [];
  }

  private decide(given: readonly SchemaNode[], demand: SchemaNode): readonly Refusal[] {
    const shape = this.shapeOf(given);
    if (shape.nodes.some((node) => this.sameness.areSame(node, demand))) return [];
    const found = this.ofMembers(shape, demand) ?? refusalsOf(this, given, demand);
    if (found.length === 0 || this.emptiness.isEmpty(given)) return [];
    const split = this.split(given, shape, demand);
    if (split !== undefined || !shape.isListed) return split ?? found;
    const reason = 'it is not known which of the values listed are valid';
    return found.map((one) => (one.rule === 'member' ? one : undecided(one, reason)));
  }

  /** Decides value by value where there are only some; undefined where that says nothing. */
  private ofMembers(shape: Shape, demand: SchemaNode): readonly Refusal[] | undefined {
    if (shape.members === undefined) return undefined;
    const refused: JsonValue[] = [];
    for (const member of shape.members) {
      const isTaken = this.evaluation.isValid(demand, member);
      if (isTaken === true) continue;
      const isGiven = this.evaluation.isValidUnderAll(shape.nodes, member);
      if (isGiven === false) continue;
      if (isTaken === undefined || isGiven === undefined) return undefined;
      refused.push(member);
    }
    if (refused.length === 0) return [];
    const word = ['enum', 'const'].find((name) => keyword(demand, name) !== undefined);
    // Of types alone the rules tell more.
    if (word === undefined && !shape.isListed) return undefined;
    return [memberRefusal(shape, demand, { word, refused })];
  }

  /** Takes the alternatives of a choice one by one; undefined where there is none. */
  private split(
    given: readonly SchemaNode[],
    shape: Shape,
    demand: SchemaNode,
  ): readonly Refusal[] | undefined {
    const choice = openChoice(shape);
    if (choice === undefined || this.splits >= splitsMax) return undefined;
    this.splits += 1;
    const found = choice.flatMap((branch) => this.refusals([...given, ...branch], demand));
    this.splits -= 1;
    return found;
  }
}

/** A choice of which no alternative is among the schemas already. */
export function openChoice({ choices, ids }: Shape): Shape['choices'][number] | undefined {
  return choices.find(
    (branches) =>
      !branches.some((nodes) => nodes.every(({ id, schema }) => schema === true || ids.has(id))),
  );
}

export function tooLarge(pointer: string): Refusal {
  return unanswered(pointer, 'the schemas are too large or too entangled to compare');
}

function unanswered(pointer: string, reason: string): Refusal {
  return undecided({ pointer, given: undefined, demanded: undefined }, reason);
}

function memberRefusal(
  shape: Shape,
  demand: SchemaNode,
  { word, refused }: { readonly word: string | undefined; readonly refused: readonly JsonValue[] },
): Refusal {
  const { schema, pointer } = demand;
  return {
    rule: 'member',
    pointer: word === undefined ? pointer : pointerTo(pointer, word),
    given: shape.members ?? [],
    demanded: word === undefined ? schema : keyword(demand, word),
    detail: refused.map((value) => JSON.stringify(value)).join(', '),
  };
}

function keyOf(given: readonly SchemaNode[]): string {
  const ids = new Set(given.filter(({ schema }) => schema !== true).map(({ id }) => id));
  return [...ids].sort((a, b) => a - b).join(',');
}
