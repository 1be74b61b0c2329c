import type { JsonObject, JsonValue } from '../../domain/index.js';
import { canonicalText, isEqual, isJsonObject } from '../../domain/index.js';
import type { Containment } from './containment.js';
import { keyword, schemaAt, schemasIn } from './schema/document.js';
import type { SchemaNode } from './schema/document.js';
import { typeOf, typesOf } from './schema/jsonTypes.js';
import { schemasOfName } from './parts.js';
import {
  arrayRulesOf,
  asksForItem,
  dependentNames,
  dependentNodes,
  isEnforced,
  lowerBoundsOf,
  objectRulesOf,
  textsOf,
  upperBoundsOf,
} from './shape.js';
import { contextWords, opaqueWords } from './schema/words.js';

/** Yes, no, or not known. */
type Answer = boolean | undefined;

/** Schemas that refer to themselves for the same value would be followed without end. */
const levelsMax = 200;

/** Each item is compared with each. */
const uniqueItemsMax = 100;

/** Tells whether one value is valid under a schema, where that can be told without formats. */
export class Evaluation {
  private level = 0;
  private readonly texts = new Map<readonly JsonValue[], ReadonlySet<string>>();

  constructor(private readonly containment: Containment) {}

  isValidUnderAll(nodes: readonly SchemaNode[], value: JsonValue): Answer {
    return every(nodes, (node) => this.isValid(node, value));
  }

  isValid(node: SchemaNode, value: JsonValue): Answer {
    if (typeof node.schema === 'boolean') return node.schema;
    if (this.level >= levelsMax || !this.containment.spend(1)) return undefined;
    this.level += 1;
    const answer = every(
      [ofType, ofScalars, ofText, ofReference, ofCombinations, ofCondition, ofArray, ofObject],
      (check) => check(node, value, this),
    );
    this.level -= 1;
    return answer;
  }

  matches(pattern: string, text: string): Answer {
    return this.containment.matches(pattern, text);
  }

  /** The texts of values of an enum. */
  textsIn(members: readonly JsonValue[]): ReadonlySet<string> {
    let texts = this.texts.get(members);
    if (texts === undefined) this.texts.set(members, (texts = new Set(members.map(textOf))));
    return texts;
  }

  get pattern(): Containment['matches'] {
    return this.containment.matches;
  }
}

type Check = (node: SchemaNode, value: JsonValue, evaluation: Evaluation) => Answer;

const ofType: Check = (node, value) => (typesOf(node) & typeOf(value)) !== 0;

const ofScalars: Check = (node, value, evaluation) => {
  const [members, constant] = [keyword(node, 'enum'), keyword(node, 'const')];
  if (constant !== undefined && !isEqual(constant, value)) return false;
  if (Array.isArray(members) && !evaluation.textsIn(members).has(textOf(value))) return false;
  if (typeof value !== 'number') return true;
  for (const bound of lowerBoundsOf(node)) {
    if (bound.isExclusive ? value <= bound.value : value < bound.value) return false;
  }
  for (const bound of upperBoundsOf(node)) {
    if (bound.isExclusive ? value >= bound.value : value > bound.value) return false;
  }
  const multiple = keyword(node, 'multipleOf');
  if (typeof multiple !== 'number') return true;
  // Validators disagree on fractions and on what a double can't tell apart.
  const isPlain = Number.isSafeInteger(multiple) && Number.isSafeInteger(value);
  return isPlain ? value % multiple === 0 : undefined;
};

const ofText: Check = (node, value, evaluation) => {
  for (const word of [...opaqueWords, ...contextWords]) {
    if (keyword(node, word) !== undefined) return undefined;
  }
  const isText = typeof value === 'string';
  if ((isText || typeof value === 'number') && keyword(node, 'format') !== undefined) {
    return isText && isOutside(node, 'Length', [...value].length) ? false : undefined;
  }
  if (!isText) return true;
  if (isOutside(node, 'Length', [...value].length)) return false;
  const pattern = keyword(node, 'pattern');
  return typeof pattern === 'string' ? evaluation.matches(pattern, value) : true;
};

const ofReference: Check = (node, value, evaluation) => {
  const ref = keyword(node, '$ref');
  if (ref === undefined) return true;
  const target = node.document.resolve(ref);
  return target === undefined ? undefined : evaluation.isValid(target, value);
};

const ofCombinations: Check = (node, value, evaluation) => {
  const valid = (schema: SchemaNode): Answer => evaluation.isValid(schema, value);
  const all = every(schemasIn(node, 'allOf'), valid);
  const branches = schemasIn(node, 'anyOf');
  const any = branches.length === 0 ? true : negate(every(branches, (one) => negate(valid(one))));
  const excluded = schemaAt(node, 'not');
  const none = excluded === undefined ? true : negate(valid(excluded));
  return every([all, any, none, exactlyOne(schemasIn(node, 'oneOf').map(valid))], (one) => one);
};

const ofCondition: Check = (node, value, evaluation) => {
  const condition = schemaAt(node, 'if');
  if (condition === undefined) return true;
  const [whenTrue, whenFalse] = [schemaAt(node, 'then'), schemaAt(node, 'else')];
  if (whenTrue === undefined && whenFalse === undefined) return true;
  const valid = (schema: SchemaNode | undefined): Answer =>
    schema === undefined ? true : evaluation.isValid(schema, value);
  const isMet = evaluation.isValid(condition, value);
  if (isMet !== undefined) return valid(isMet ? whenTrue : whenFalse);
  const [a, b] = [valid(whenTrue), valid(whenFalse)];
  return a === b ? a : undefined;
};

const ofArray: Check = (node, value, evaluation) => {
  if (!Array.isArray(value)) return true;
  // The narrowing of a readonly array by isArray is any[].
  const items = value as readonly JsonValue[];
  if (isOutside(node, 'Items', items.length)) return false;
  if (keyword(node, 'uniqueItems') === true) {
    if (items.length > uniqueItemsMax) return undefined;
    if (hasEqual(items)) return false;
  }
  const { prefix, rest } = arrayRulesOf(node);
  const all = every([...items.entries()], ([at, item]) => {
    const schema = at < prefix.length ? prefix[at] : rest;
    return schema === undefined ? true : evaluation.isValid(schema, item);
  });
  const wanted = schemaAt(node, 'contains');
  if (wanted === undefined || all === false) return all;
  if (items.length === 0 && !asksForItem(node)) return undefined;
  const [least, most] = [keyword(node, 'minContains'), keyword(node, 'maxContains')];
  if (least !== undefined || most !== undefined) return undefined;
  const has = negate(every(items, (item) => negate(evaluation.isValid(wanted, item))));
  return every([all, has], (one) => one);
};

const ofObject: Check = (node, value, evaluation) => {
  if (!isJsonObject(value)) return true;
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  if (isOutside(node, 'Properties', names.length)) return false;
  const required = [
    ...textsOf(keyword(node, 'required')),
    ...dependentNames(node).flatMap(({ name, names }) => (Object.hasOwn(value, name) ? names : [])),
  ];
  const hasRequired = every(required, (name) => {
    if (Object.hasOwn(value, name)) return true;
    return isEnforced(name) ? false : undefined;
  });
  if (hasRequired === false) return false;
  const schemas = dependentNodes(node).filter(([name]) => Object.hasOwn(value, name));
  const dependents = every(schemas, ([, schema]) => evaluation.isValid(schema, value));
  const propertyNames = schemaAt(node, 'propertyNames');
  return every(
    [
      hasRequired,
      dependents,
      propertyNames === undefined || every(names, (one) => evaluation.isValid(propertyNames, one)),
      every(names, (name) => ofProperty(node, value, name, evaluation)),
    ],
    (one) => one,
  );
};

function ofProperty(
  node: SchemaNode,
  value: JsonObject,
  name: string,
  evaluation: Evaluation,
): Answer {
  const found = schemasOfName(objectRulesOf(node), name, evaluation.pattern);
  return every(found, (one) => {
    const isValid = evaluation.isValid(one.node, value[name] ?? null);
    return isValid === false && !one.isCertain ? undefined : isValid;
  });
}

/** Equal for equal values; schemas are not so deep that a value in one has none. */
function textOf(value: JsonValue): string {
  return canonicalText(value) ?? '';
}

function isOutside(node: SchemaNode, what: 'Length' | 'Items' | 'Properties', count: number) {
  const [least, most] = [keyword(node, `min${what}`), keyword(node, `max${what}`)];
  return (typeof least === 'number' && count < least) || (typeof most === 'number' && count > most);
}

function hasEqual(items: readonly JsonValue[]): boolean {
  return items.some((item, at) => items.slice(0, at).some((other) => isEqual(item, other)));
}

function exactlyOne(answers: readonly Answer[]): Answer {
  if (answers.length === 0) return true;
  const yes = answers.filter((answer) => answer === true).length;
  if (yes > 1) return false;
  return answers.includes(undefined) ? undefined : yes === 1;
}

function negate(answer: Answer): Answer {
  return answer === undefined ? undefined : !answer;
}

/** False where one is, not known where one is not and none is false. */
function every<T>(values: readonly T[], check: (value: T) => Answer): Answer {
  let all: Answer = true;
  for (const value of values) {
    const answer = check(value);
    if (answer === false) return false;
    if (answer === undefined) all = undefined;
  }
  return all;
}
