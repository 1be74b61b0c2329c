import { isJsonObject } from '../../../domain/index.js';
import { keyword, schemaAt } from '../schema/document.js';
import type { SchemaNode } from '../schema/document.js';
import { typeBits } from '../schema/jsonTypes.js';
import { isNamePossible, othersOf, propertyOf, schemasOfName } from '../parts.js';
import type { OtherProperties } from '../parts.js';
import { dependentNames, dependentNodes, objectRulesOf, textsOf } from '../shape.js';
import type { ObjectRules } from '../shape.js';
import { undecided } from '../findings.js';
import type { Refusal } from '../types.js';
import type { Goal } from './goal.js';
import { givenAt, refuse, schemaOf, undecidedAt } from './goal.js';
import { countRefusals } from './scalars.js';

export function objectRefusals(goal: Goal): readonly Refusal[] {
  const rules = objectRulesOf(goal.demand);
  const names = namesOf(goal, rules);
  return [
    ...requiredRefusals(goal),
    ...names.all.flatMap((name) => ofName(goal, rules, name)),
    ...(names.isClosed ? [] : otherRefusals(goal, rules)),
    ...nameRefusals(goal, names),
    ...memberCountRefusals(goal, names),
    ...dependencyRefusals(goal),
  ];
}

interface Names {
  /** All that one of the schemas names, and that may be there. */
  readonly all: readonly string[];
  /** Whether no other name may be there. */
  readonly isClosed: boolean;
}

function namesOf(goal: Goal, demanded: ObjectRules): Names {
  const { containment, shape } = goal;
  const all = new Set([...demanded.properties.keys(), ...shape.required]);
  for (const { properties } of shape.objects) for (const name of properties.keys()) all.add(name);
  const listed = shape.names.length === 0 ? undefined : containment.shapeOf(shape.names).members;
  for (const name of listed ?? []) if (typeof name === 'string') all.add(name);
  const { base } = othersOf(shape, { matchingNone: new Set() });
  containment.spend(all.size);
  return {
    all: [...all].filter((name) => isNamePossible(containment, shape, name)),
    isClosed: listed !== undefined || containment.within(() => containment.emptiness.isEmpty(base)),
  };
}

function requiredRefusals(goal: Goal): readonly Refusal[] {
  return textsOf(keyword(goal.demand, 'required')).flatMap((name, at) =>
    goal.shape.required.has(name)
      ? []
      : [
          refuse(goal, {
            rule: 'required',
            at: ['required', at],
            given: givenAt(goal, 'required'),
            detail: JSON.stringify(name),
          }),
        ],
  );
}

function ofName(goal: Goal, rules: ObjectRules, name: string): readonly Refusal[] {
  const { containment, shape } = goal;
  const given = propertyOf(containment, shape, name);
  return schemasOfName(rules, name, containment.matches).flatMap(({ node, isCertain }) => {
    const found = containment.refusalsWithin(given, node);
    if (found.length === 0) return [];
    const shown = { pointer: node.pointer, given: schemaOf(given), demanded: node.schema };
    if (!isCertain) {
      return [undecided(shown, `it is not known which patterns ${JSON.stringify(name)} matches`)];
    }
    const detail = JSON.stringify(name);
    if (node === rules.additional && node.schema === false) {
      return [{ ...shown, rule: 'known' as const, given: { [name]: schemaOf(given) }, detail }];
    }
    // What was free is one finding, whatever it is asked to be now.
    const isFree = given.every(({ schema }) => schema === true || isFreeSchema(schema));
    return isFree ? [{ ...shown, rule: 'property' as const, detail }] : found;
  });
}

function isFreeSchema(schema: SchemaNode['schema']): boolean {
  return isJsonObject(schema) && Object.keys(schema).length === 0;
}

/** Properties that no schema names: those that match a pattern of the demand, and all others. */
function otherRefusals(goal: Goal, rules: ObjectRules): readonly Refusal[] {
  const { shape } = goal;
  const found = [...rules.patterns].flatMap(([pattern, node]) =>
    ofOthers(goal, othersOf(shape, { matching: pattern }), node, `what matches ${pattern}`),
  );
  const { additional } = rules;
  if (additional === undefined) return found;
  const others = othersOf(shape, { matchingNone: new Set(rules.patterns.keys()) });
  return [...found, ...ofOthers(goal, others, additional, 'a name that is not listed')];
}

function ofOthers(
  goal: Goal,
  { base, choices }: OtherProperties,
  wanted: SchemaNode,
  name: string,
): readonly Refusal[] {
  const { containment } = goal;
  const found = containment.refusalsWithin(base, wanted);
  if (found.length === 0) return [];
  const isTaken = choices.some((nodes) =>
    nodes.every((node) => containment.refusalsWithin([...base, node], wanted).length === 0),
  );
  if (isTaken) return [];
  const given = schemaOf(base);
  const shown = { pointer: wanted.pointer, given, demanded: wanted.schema, detail: name };
  if (choices.length > 0) return [undecided(shown, 'patterns of names are compared by text only')];
  if (wanted.schema === false) return [{ ...shown, rule: 'closed' }];
  return base.length === 0 ? [{ ...shown, rule: 'property' }] : found;
}

function nameRefusals(goal: Goal, names: Names): readonly Refusal[] {
  const { containment, demand, shape } = goal;
  const wanted = schemaAt(demand, 'propertyNames');
  if (wanted === undefined) return [];
  const text = demand.document.makeNode('text', wanted.pointer, () => ({ type: 'string' }));
  const found = containment.refusalsWithin([text, ...shape.names], wanted);
  if (found.length === 0) return [];
  if (names.isClosed) {
    const answers = names.all.map((name) => containment.evaluation.isValid(wanted, name));
    if (answers.every((answer) => answer === true)) return [];
  }
  const given = givenAt(goal, 'propertyNames');
  if (found.some(({ rule }) => rule === 'undecidable')) {
    return [undecidedAt(goal, 'propertyNames', 'the names that are valid are not known', given)];
  }
  return [refuse(goal, { rule: 'names', at: ['propertyNames'], given })];
}

function memberCountRefusals(goal: Goal, names: Names): readonly Refusal[] {
  const { demand, shape } = goal;
  const least = keyword(demand, 'minProperties');
  const most = keyword(demand, 'maxProperties');
  const isLarge = typeof least === 'number' && shape.required.size < least;
  const countMax = names.isClosed ? possibleNames(goal, names) : Infinity;
  const isSmall = typeof most === 'number' && countMax > most;
  return [
    ...(isLarge ? countRefusals(goal, 'minProperties') : []),
    ...(isSmall ? countRefusals(goal, 'maxProperties') : []),
  ];
}

function possibleNames({ containment, shape }: Goal, names: Names): number {
  return names.all.filter(
    (name) =>
      !containment.within(() =>
        containment.emptiness.isEmpty(propertyOf(containment, shape, name)),
      ),
  ).length;
}

function dependencyRefusals(goal: Goal): readonly Refusal[] {
  const { containment, demand, given, shape } = goal;
  const withName = (name: string): readonly SchemaNode[] => [
    ...given,
    demand.document.makeNode(`has ${name}`, demand.pointer, () => ({
      type: 'object',
      required: [name],
    })),
  ];
  const found: Refusal[] = [];
  for (const { word, name, names } of dependentNames(demand)) {
    const all = withName(name);
    const { required } = containment.shapeOf(all);
    if (names.every((one) => required.has(one)) || containment.emptiness.isEmpty(all)) continue;
    const detail = JSON.stringify(name);
    found.push(
      refuse(goal, {
        rule: 'dependency',
        at: [word, name],
        given: shownOf(goal, word, name),
        demanded: names,
        detail,
      }),
    );
  }
  for (const [name, node] of dependentNodes(demand)) {
    if ((shape.types & typeBits.object) === 0) continue;
    found.push(...containment.refusals(withName(name), node));
  }
  return found;
}

function shownOf(goal: Goal, word: string, name: string) {
  const value = givenAt(goal, word);
  return isJsonObject(value) ? value[name] : undefined;
}
