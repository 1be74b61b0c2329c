import {
  isJsonObject,
  ownMember,
  pointerOf,
  setMember,
  type JsonValue,
} from '../../../domain/index.js';
import type { JsonSchema } from '../../jsonSchema.js';
import { applicatorOf, applicators, isAssertion } from './keywords.js';
import type { References } from './references.js';
import type { SchemaDocument, Subschema } from './schemaDocument.js';

/** Keyword of our own: what an evaluation of the subschema costs. */
export const stepsKeyword = 'allsource:steps';

export interface Steps {
  /** Of each evaluation. */
  readonly fixed: number;
  /** Of each character of a text. */
  readonly perCharacter: number;
  /** Of each name of an object. */
  readonly perName: number;
}

/**
 * The schema as ajv is to see it: only what the draft knows, ids and anchors gone, each `$ref` to an
 * entry of `$defs`, and steps counted where a subschema is evaluated more often than it is written.
 */
export function prepareSchema(document: SchemaDocument, references: References): JsonSchema {
  return new Preparation(document, references).prepare();
}

type MutableObject = Record<string, JsonValue | undefined>;

class Preparation {
  /** Names in `$defs` of what references name, and of what is written twice. */
  readonly #names = new Map<Subschema, string>();
  readonly #hasUnevaluated: boolean;

  constructor(
    private readonly document: SchemaDocument,
    private readonly references: References,
  ) {
    const subschemas = [...document.subschemas.values()];
    const unevaluated = subschemas.filter(hasUnevaluated);
    this.#hasUnevaluated = unevaluated.length > 0;
    const conditions = this.#hasUnevaluated
      ? subschemas.flatMap(({ children }) => children.filter(({ keyword }) => keyword === 'if'))
      : [];
    const conditional = conditions.map((child) => child.subschema);
    // What is a function of its own forgets what it evaluated of the item before.
    const named = [...references.values(), conditional, unevaluated].flat();
    for (const target of new Set(named)) {
      if (target !== document.root) this.#names.set(target, `s${this.#names.size}`);
    }
  }

  prepare(): JsonSchema {
    const definitions: MutableObject = {};
    for (const [target, name] of this.#names) {
      definitions[name] = this.#body(target, { isCounted: true });
    }
    const root = this.#body(this.document.root, { isCounted: true });
    return typeof root === 'boolean' ? root : { ...root, $defs: definitions };
  }

  #place(subschema: Subschema, options: { readonly isCounted: boolean }): JsonSchema {
    const isReferenced = subschema === this.document.root || this.#names.has(subschema);
    return isReferenced ? { $ref: this.#reference(subschema) } : this.#body(subschema, options);
  }

  #reference(target: Subschema): string {
    const name = this.#names.get(target);
    return name === undefined ? '#' : `#${pointerOf(['$defs', name])}`;
  }

  #body(subschema: Subschema, { isCounted }: { readonly isCounted: boolean }): JsonSchema {
    const { schema } = subschema;
    if (typeof schema === 'boolean') return schema;
    const targets = (this.references.get(subschema) ?? []).map((target) => ({
      $ref: this.#reference(target),
    }));
    // There a reference stands alone.
    if (targets[0] !== undefined && this.document.dialect === 'draft-07') return targets[0];
    const body: MutableObject = {};
    for (const [keyword, value] of Object.entries(schema)) {
      if (value === undefined) continue;
      if (isAssertion(keyword, this.document.dialect)) body[keyword] = value;
      else this.#apply(subschema, { keyword, value, body });
    }
    moveHiddenProperty(body);
    if (this.#hasUnevaluated) spellOutCondition(body);
    if (targets.length > 0) body['allOf'] = [...listOf(body['allOf']), ...targets];
    const steps = stepsOf(body, isCounted);
    if (this.#hasUnevaluated) setPatternsApart(body);
    return steps === undefined ? body : { ...body, [stepsKeyword]: { ...steps } };
  }

  #apply(
    subschema: Subschema,
    at: { readonly keyword: string; readonly value: JsonValue; readonly body: MutableObject },
  ): void {
    const { keyword, value, body } = at;
    const place = applicatorOf(keyword, this.document.dialect)?.place ?? 'none';
    if (place === 'none') return;
    const isList = Array.isArray(value);
    const placed = (path: readonly string[], member: JsonValue): JsonValue => {
      const child = this.document.subschemas.get(subschema.pointer + pointerOf(path));
      // The first items of a list are few.
      const isCounted = place === 'each' && !isList;
      return child === undefined ? member : this.#place(child, { isCounted });
    };
    if (isList) {
      body[keyword] = listOf(value).map((member, at) => placed([keyword, String(at)], member));
    } else if (isMap(keyword) && isJsonObject(value)) {
      const map: MutableObject = {};
      for (const [name, member] of Object.entries(value)) {
        if (member !== undefined) setMember(map, name, placed([keyword, name], member));
      }
      body[keyword] = map;
    } else {
      body[keyword] = placed([keyword], value);
    }
  }
}

// The narrowing of a readonly array by isArray is any[].
const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]) : [];

const isMap = (keyword: string): boolean => applicators.get(keyword)?.shape === 'map';

/** ajv passes over a property of the name `__proto__`, but not over a pattern that it matches. */
function moveHiddenProperty(body: MutableObject): void {
  const { properties, patternProperties } = body;
  if (!isJsonObject(properties)) return;
  const hidden = ownMember(properties, '__proto__');
  if (hidden === undefined) return;
  const patterns = isJsonObject(patternProperties) ? patternProperties : {};
  body['patternProperties'] = { ...patterns, '^(?:__proto__)$': hidden };
}

/** Whether it has keywords that ask what others have evaluated. */
export function hasUnevaluated({ schema }: Subschema): boolean {
  if (typeof schema === 'boolean') return false;
  return (
    Object.hasOwn(schema, 'unevaluatedProperties') || Object.hasOwn(schema, 'unevaluatedItems')
  );
}

/** To ajv what the condition looks at is evaluated even where the condition fails; to the standard not. */
function spellOutCondition(body: MutableObject): void {
  const { if: condition, then: consequence = true, else: alternative = true } = body;
  if (condition === undefined) return;
  const branches = [
    { allOf: [condition, consequence] },
    { allOf: [{ not: condition }, alternative] },
  ];
  body['allOf'] = [...listOf(body['allOf']), { anyOf: branches }];
  for (const keyword of ['if', 'then', 'else']) Reflect.deleteProperty(body, keyword);
}

/** Beside alternatives, ajv writes down what patterns evaluate before there is anything to write on. */
function setPatternsApart(body: MutableObject): void {
  const { patternProperties, additionalProperties } = body;
  // With it all is evaluated, and it looks at the patterns.
  if (patternProperties === undefined || additionalProperties !== undefined) return;
  body['allOf'] = [...listOf(body['allOf']), { patternProperties }];
  Reflect.deleteProperty(body, 'patternProperties');
}

/** Keywords that go through all names of an object. */
const namesKeywords = [
  'additionalProperties',
  'maxProperties',
  'minProperties',
  'patternProperties',
  'propertyNames',
  'unevaluatedProperties',
] as const;

/** Measured: 0.25 µs for each name of a large object. */
const stepsPerName = 50;

function stepsOf(body: MutableObject, isCounted: boolean): Steps | undefined {
  const texts = [body['maxLength'], body['minLength']].filter((limit) => limit !== undefined);
  const names = namesKeywords.filter((name) => body[name] !== undefined && body[name] !== true);
  const fixed = isCounted ? countValues(body) : 0;
  const steps = { fixed, perCharacter: texts.length / 4, perName: names.length * stepsPerName };
  return fixed + texts.length + names.length === 0 ? undefined : steps;
}

function countValues(value: JsonValue | undefined): number {
  if (typeof value !== 'object' || value === null) return 1;
  let sum = 1;
  for (const member of Object.values(value) as readonly (JsonValue | undefined)[]) {
    sum += countValues(member);
  }
  return sum;
}
