import { commentLayout } from './comment.js';
import { group, hardLine, ifBroken, indent, join, line, softLine } from './layout.js';
import type { Layout } from './layout.js';
import { allKinds, kind, kindsOf } from './shape.js';
import type { Alternative, MemberType, ObjectNode, Shape, TupleNode, TypeNode } from './shape.js';

/** Names as they are written where the type stands. */
export interface Naming {
  readonly nameOf: (pointer: string) => string;
}

const identifier = /^[A-Za-z_$][\w$]*$/;

const anyNames: Readonly<Record<number, string>> = {
  [kind.null]: 'null',
  [kind.boolean]: 'boolean',
  [kind.number]: 'number',
  [kind.string]: 'string',
  [kind.array]: 'readonly JsonValue[]',
  [kind.object]: 'JsonObject',
};

/** `type Name = …;` with all that formatters would do to it. */
export function aliasLayout(head: string, shape: Shape, naming: Naming): Layout {
  const parts = partsOf(shape, naming);
  const [only] = parts;
  const isName = parts.length === 1 && typeof only === 'string';
  const type = typeLayout(shape, naming);
  return [head, ' =', isName ? group(indent([line, type])) : [' ', type], ';'];
}

function typeLayout(shape: Shape, naming: Naming): Layout {
  const parts = partsOf(shape, naming);
  return parts.length === 1 ? parts : unionLayout(shape, unionParts(shape, naming));
}

function unionLayout(shape: Shape, parts: readonly Layout[]): Layout {
  if (isHugged(shape)) return join(' | ', parts);
  return group(indent([softLine, brokenUnion(parts)]));
}

function brokenUnion(parts: readonly Layout[]): Layout {
  return group([ifBroken('| '), join([line, '| '], parts.map(indent))]);
}

/** An object type beside null stays on the line. */
function isHugged(shape: Shape): boolean {
  const objects = shape.filter(({ node }) => node.type === 'object');
  const hasNull = shape.some(({ node, kinds }) => node.type === 'any' && kinds === kind.null);
  return shape.length === 2 && objects.length === 1 && hasNull;
}

/** With parentheses where it has more than one part. */
function operandLayout(shape: Shape, naming: Naming): Layout {
  const parts = unionParts(shape, naming);
  const [only] = parts;
  const isReadonly = shape.some(({ node }) => isArrayNode(node));
  const isIntersection = shape.some(({ node }) => node.type === 'intersection');
  if (parts.length === 1) {
    return isReadonly || isIntersection || only === anyNames[kind.array]
      ? ['(', parts, ')']
      : parts;
  }
  if (isHugged(shape)) return ['(', join(' | ', parts), ')'];
  return ['(', group([indent([softLine, brokenUnion(parts)]), softLine]), ')'];
}

function isArrayNode({ type }: TypeNode): boolean {
  return type === 'array' || type === 'tuple';
}

/** Each part of the union, none of them twice. */
function partsOf(shape: Shape, naming: Naming): Layout[] {
  if (shape.length === 0) return ['never'];
  const isAny = ({ node }: Alternative): boolean => node.type === 'any';
  if (kindsOf(shape.filter(isAny)) === allKinds) return ['JsonValue'];
  return shape.map((alternative) => nodeLayout(alternative, naming));
}

/** The parts as they stand in a union of several. */
function unionParts(shape: Shape, naming: Naming): Layout[] {
  const parts = partsOf(shape, naming);
  if (parts.length === 1) return parts;
  return parts.map((part, at) =>
    shape[at]?.node.type === 'intersection' ? ['(', part, ')'] : part,
  );
}

function nodeLayout({ node, kinds }: Alternative, naming: Naming): Layout {
  switch (node.type) {
    case 'any':
      return anyNames[kinds] ?? 'JsonValue';
    case 'literal':
      return typeof node.value === 'string' ? quoted(node.value) : numberText(node.value);
    case 'reference':
      return naming.nameOf(node.pointer);
    case 'object':
      return objectLayout(node, naming);
    case 'array':
      return ['readonly ', operandLayout(node.item, naming), '[]'];
    case 'tuple':
      return tupleLayout(node, naming);
    case 'intersection':
      return intersectionLayout(node.of, naming);
  }
}

function objectLayout({ members, index }: ObjectNode, naming: Naming): Layout {
  const rows = [...members]
    .sort(byName)
    .map(([name, member]) => memberLayout(name, member, naming));
  if (index !== undefined) rows.push(indexLayout(index, [...members.values()], naming));
  if (rows.length === 0) return '{}';
  return ['{', indent([hardLine, join(hardLine, rows)]), hardLine, '}'];
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function memberLayout(name: string, member: MemberType, naming: Naming): Layout {
  const key = identifier.test(name) ? name : quoted(name);
  const head = `readonly ${key}${member.isOptional ? '?' : ''}: `;
  return [commentLayout(member.comment), head, typeLayout(member.shape, naming), ';'];
}

/** What TypeScript asks of an index is that the members fit, too. */
function indexLayout(index: Shape, members: readonly MemberType[], naming: Naming): Layout {
  const head = 'readonly [name: string]: ';
  if (index.length === 0 && members.length === 0) return [head, 'never;'];
  const parts = new Map<string, Layout>();
  for (const shape of [index, ...members.map((member) => member.shape)]) {
    if (shape.length === 0) continue;
    for (const [at, part] of partsOf(shape, naming).entries()) {
      const isIntersection = shape[at]?.node.type === 'intersection';
      parts.set(JSON.stringify(part), isIntersection ? ['(', part, ')'] : part);
    }
  }
  const all = [...parts.values()];
  const kept = all.includes('JsonValue') ? ['JsonValue'] : all;
  return [head, group(indent([softLine, brokenUnion([...kept, 'undefined'])])), ';'];
}

function tupleLayout({ items, rest }: TupleNode, naming: Naming): Layout {
  const isAlone = items.length === 1 && rest === undefined;
  const rows: Layout[] = items.map((item) => itemLayout(item, isAlone, naming));
  if (rest !== undefined) rows.push(['...', operandLayout(rest, naming), '[]']);
  if (rows.length === 0) return 'readonly []';
  const list = [indent([softLine, join([',', line], rows)]), ifBroken(','), softLine];
  return ['readonly ', group(['[', list, ']'])];
}

/** A union that is broken has parentheses beside other items. */
function itemLayout(item: Shape, isAlone: boolean, naming: Naming): Layout {
  const parts = unionParts(item, naming);
  if (parts.length === 1 || isHugged(item)) return typeLayout(item, naming);
  if (isAlone) return brokenUnion(parts);
  return group([indent([ifBroken(['(', softLine]), brokenUnion(parts)]), softLine, ifBroken(')')]);
}

function intersectionLayout(of: readonly Shape[], naming: Naming): Layout {
  const isObject = (shape: Shape | undefined): boolean =>
    shape?.length === 1 && shape[0]?.node.type === 'object';
  const parts = of.map((shape) => operandLayout(shape, naming));
  return group(
    parts.map((part, at): Layout => {
      if (at === 0) return part;
      if (isObject(of[at]) !== isObject(of[at - 1])) return [' & ', at > 1 ? indent(part) : part];
      return indent([' &', line, part]);
    }),
  );
}

function numberText(value: boolean | number): string {
  return String(value).replace('e+', 'e');
}

/** A literal in the quotes that need fewer escapes. */
export function quoted(text: string): string {
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  const [singles, doubles] = ["'", '"'].map((quote) => text.split(quote).length);
  const quote = (singles ?? 0) > (doubles ?? 0) ? '"' : "'";
  return `${quote}${escaped.replaceAll(quote, `\\${quote}`)}${quote}`;
}
