import type { Containment } from './containment.js';
import type { SchemaNode } from './schema/document.js';
import type { ObjectRules, Shape } from './shape.js';

/** Bounds of the whole numbers that are valid. */
export function integerRange({ lower, upper }: Shape): {
  readonly least: number;
  readonly most: number;
} {
  let least = lower === undefined ? -Infinity : Math.ceil(lower.value);
  let most = upper === undefined ? Infinity : Math.floor(upper.value);
  // Beyond what a double tells apart, the next number is the same one.
  if (lower?.isExclusive === true && least === lower.value) least += 1;
  if (upper?.isExclusive === true && most === upper.value) most -= 1;
  return { least, most };
}

export type Count =
  'minLength' | 'maxLength' | 'minItems' | 'maxItems' | 'minProperties' | 'maxProperties';

export function countOf(shape: Shape, name: Count): number {
  const count = shape.counts.get(name) ?? (name.startsWith('min') ? 0 : Infinity);
  if (name === 'minItems' && shape.contains.length > 0) return Math.max(count, 1);
  return count;
}

/** The schemas of an item of an array. */
export function itemsAt(shape: Shape, at: number): readonly SchemaNode[] {
  return shape.arrays.flatMap(({ prefix, rest }) => {
    const node = at < prefix.length ? prefix[at] : rest;
    return node === undefined ? [] : [node];
  });
}

/** The schemas that are certain to apply to a property. */
export function propertyOf(
  { matches }: Pick<Containment, 'matches'>,
  shape: Shape,
  name: string,
): readonly SchemaNode[] {
  return shape.objects.flatMap((rules) => {
    const found = schemasOfName(rules, name, matches);
    return found.filter(({ isCertain }) => isCertain).map(({ node }) => node);
  });
}

/** The schemas of an object's rules that may apply to a property. */
export function schemasOfName(
  { properties, patterns, additional }: ObjectRules,
  name: string,
  matches: Containment['matches'],
): readonly { readonly node: SchemaNode; readonly isCertain: boolean }[] {
  const found: { node: SchemaNode; isCertain: boolean }[] = [];
  const declared = properties.get(name);
  if (declared !== undefined) found.push({ node: declared, isCertain: true });
  let isOther: boolean | undefined = declared === undefined;
  for (const [pattern, node] of patterns) {
    const isMatch = matches(pattern, name);
    if (isMatch !== false) found.push({ node, isCertain: isMatch === true });
    if (isMatch === true) isOther = false;
    else if (isMatch === undefined && isOther === true) isOther = undefined;
  }
  if (additional !== undefined && isOther !== false) {
    found.push({ node: additional, isCertain: isOther === true });
  }
  return found;
}

export function isNamePossible(
  { evaluation }: Pick<Containment, 'evaluation'>,
  shape: Shape,
  name: string,
): boolean {
  return evaluation.isValidUnderAll(shape.names, name) !== false;
}

/** Schemas of properties with no certain name: all of `base`, and one of each of `choices`. */
export interface OtherProperties {
  readonly base: readonly SchemaNode[];
  readonly choices: readonly (readonly SchemaNode[])[];
}

/** What applies to properties that no `properties` name, and that match a pattern, or none of some. */
export function othersOf(
  shape: Shape,
  which: { readonly matching: string } | { readonly matchingNone: ReadonlySet<string> },
): OtherProperties {
  const base: SchemaNode[] = [];
  const choices: SchemaNode[][] = [];
  for (const { patterns, additional } of shape.objects) {
    const same = 'matching' in which ? patterns.get(which.matching) : undefined;
    if (same !== undefined) {
      base.push(same);
      continue;
    }
    if (additional === undefined) continue;
    const others = [...patterns].filter(
      ([pattern]) => !('matchingNone' in which && which.matchingNone.has(pattern)),
    );
    if (others.length === 0) base.push(additional);
    else choices.push([...others.map(([, node]) => node), additional]);
  }
  return { base, choices };
}
