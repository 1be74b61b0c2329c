import { ownMember } from '../../../domain/index.js';
import type { Dialect } from './keywords.js';
import { evaluationsOfOneValueMax, referencedSubschemasMax } from '../limits.js';
import { quote, type Refuse } from './refusal.js';
import { resolveReference, type SchemaDocument, type Subschema } from './schemaDocument.js';

/** What the references of each subschema name; those without one are left out. */
export type References = ReadonlyMap<Subschema, readonly Subschema[]>;

const keywordsOf: Record<Dialect, readonly string[]> = {
  'draft-07': ['$ref'],
  '2020-12': ['$ref', '$dynamicRef'],
};

/** Resolves all references; refuses what is not in the document, and what would never end. */
export function readReferences(document: SchemaDocument, refuse: Refuse): References {
  const references = new Map<Subschema, readonly Subschema[]>();
  for (const subschema of document.subschemas.values()) {
    const targets = keywordsOf[document.dialect].flatMap((keyword) =>
      targetOf(document, { subschema, keyword }, refuse),
    );
    if (targets.length > 0) references.set(subschema, targets);
  }
  const referenced = new Set([...references.values()].flat()).size;
  if (referenced > referencedSubschemasMax) {
    refuse(
      '',
      `expected at most ${referencedSubschemasMax} subschemas that a $ref names, got ${referenced}; ` +
        'split the schema',
    );
  }
  checkEvaluations(document, references, refuse);
  return references;
}

function targetOf(
  document: SchemaDocument,
  at: { readonly subschema: Subschema; readonly keyword: string },
  refuse: Refuse,
): Subschema[] {
  const { schema, pointer } = at.subschema;
  const reference = typeof schema === 'boolean' ? undefined : ownMember(schema, at.keyword);
  if (typeof reference !== 'string') return [];
  const place = `${pointer}/${at.keyword}`;
  if (at.keyword === '$dynamicRef' && document.resources.size > 1) {
    // Which of several anchors it names would depend on the way to it.
    refuse(place, 'expected no $dynamicRef in a schema with several $id; use $ref');
  }
  const target = resolveReference(document, reference, at.subschema);
  if (target !== undefined) return [target];
  return refuse(
    place,
    `expected a subschema of this document, as "#/$defs/name", got ${quote(reference)}; ` +
      'put what it names into the document: nothing is fetched',
  );
}

/** Counts what looks at one value: endless where a subschema comes to itself without a step into the value. */
function checkEvaluations(document: SchemaDocument, references: References, refuse: Refuse): void {
  const counts = new Map<Subschema, number>();
  const open = new Set<Subschema>();
  const count = (subschema: Subschema): number => {
    const known = counts.get(subschema);
    if (known !== undefined) return known;
    if (open.has(subschema)) {
      refuse(
        subschema.pointer,
        'expected references that end, got one that comes back to itself for the same value; ' +
          'step into a property or item on the way',
      );
    }
    open.add(subschema);
    let sum = 1;
    for (const next of besides(subschema, references)) sum += count(next);
    open.delete(subschema);
    if (sum > evaluationsOfOneValueMax) {
      refuse(
        subschema.pointer,
        `expected at most ${evaluationsOfOneValueMax} subschemas that look at one value, ` +
          'references followed, got more; name the same subschema less often',
      );
    }
    counts.set(subschema, sum);
    return sum;
  };
  for (const subschema of document.subschemas.values()) count(subschema);
}

/** Refuses `unevaluatedItems` where ajv is not sure which items are evaluated. */
export function checkUnevaluatedItems(
  document: SchemaDocument,
  references: References,
  refuse: Refuse,
): void {
  const hasKeyword = ({ children }: Subschema, keyword: string): boolean =>
    children.some((child) => child.keyword === keyword);
  for (const subschema of document.subschemas.values()) {
    if (!hasKeyword(subschema, 'unevaluatedItems')) continue;
    const reached = new Set([subschema]);
    // A set goes on to what is added under way.
    for (const at of reached) for (const next of besides(at, references)) reached.add(next);
    const isUnsure = [...reached].some(
      (at) => hasKeyword(at, 'contains') || (at !== subschema && hasKeyword(at, 'items')),
    );
    if (!isUnsure) continue;
    refuse(
      `${subschema.pointer}/unevaluatedItems`,
      'expected no contains beside it, and no items in a subschema for the same array; ' +
        'say what items may be by prefixItems and items',
    );
  }
}

/** What looks at the same value as a subschema does. */
function besides(subschema: Subschema, references: References): Subschema[] {
  const inside = subschema.children.filter(({ place }) => place === 'same');
  return [...inside.map((child) => child.subschema), ...(references.get(subschema) ?? [])];
}
