/** The kinds of JSON values, as bits of a set, in the order in which unions tell them. */
export const kind = { string: 1, number: 2, boolean: 4, object: 8, array: 16, null: 32 } as const;
export const allKinds = 63;

/** A union of types; no alternative is `never`. */
export type Shape = readonly Alternative[];

/** A type with the kinds of values that are in it; its values may be fewer than all of these kinds. */
export interface Alternative {
  readonly kinds: number;
  readonly node: TypeNode;
}

export type TypeNode =
  /** All values of its one kind. */
  | { readonly type: 'any' }
  | { readonly type: 'literal'; readonly value: boolean | number | string }
  /** A named type of the same schema, by its pointer. */
  | { readonly type: 'reference'; readonly pointer: string }
  | ObjectNode
  | { readonly type: 'array'; readonly item: Shape }
  | TupleNode
  | { readonly type: 'intersection'; readonly of: readonly Shape[] };

export interface ObjectNode {
  readonly type: 'object';
  readonly members: ReadonlyMap<string, MemberType>;
  /** Of the other members; undefined where they are not named. */
  readonly index: Shape | undefined;
}

export interface MemberType {
  readonly shape: Shape;
  readonly isOptional: boolean;
  /** Lines of its comment. */
  readonly comment: readonly string[];
}

export interface TupleNode {
  readonly type: 'tuple';
  readonly items: readonly Shape[];
  readonly rest: Shape | undefined;
}

/** Alternatives that are combined one by one, in nodes; more are written as an intersection. */
const combinedNodesMax = 200;

export function anyOfKinds(kinds: number): Shape {
  return Object.values(kind)
    .filter((bit) => kinds & bit)
    .map((kinds) => ({ kinds, node: { type: 'any' } }));
}

export function kindsOf(shape: Shape): number {
  return shape.reduce((kinds, alternative) => kinds | alternative.kinds, 0);
}

/** Whatever is in one of them. */
export function unite(shapes: readonly Shape[]): Shape {
  const all = shapes.flat();
  const whole = kindsOf(all.filter(({ node }) => node.type === 'any'));
  const kept = new Map<string, Alternative>();
  for (const { kinds, node } of all) {
    if (node.type !== 'any' && (kinds & ~whole) === 0) continue;
    const key = node.type === 'any' ? `any ${kinds}` : keyOf(node);
    kept.set(key, { kinds: kinds | (kept.get(key)?.kinds ?? 0), node });
  }
  return [...kept.values()];
}

/** At least whatever is in both. */
export function intersect(a: Shape, b: Shape): Shape {
  return unite(
    Object.values(kind).map((bit) => {
      const [left, right] = [ofKind(a, bit), ofKind(b, bit)];
      if (left.length === 0 || right.length === 0) return [];
      if (left.some(isAny)) return right;
      if (right.some(isAny)) return left;
      return intersectKind(left, right, bit);
    }),
  );
}

function ofKind(shape: Shape, bit: number): Shape {
  return shape.filter(({ kinds }) => kinds & bit).map(({ node }) => ({ kinds: bit, node }));
}

function isAny({ node }: Alternative): boolean {
  return node.type === 'any';
}

function intersectKind(a: Shape, b: Shape, bit: number): Shape {
  if (keysOf(a) === keysOf(b)) return a;
  if (bit === kind.array) return narrowerArrays(a, b);
  if (bit === kind.object) return intersectObjects(a, b);
  const literals = [...a, ...b].every(({ node }) => node.type === 'literal');
  if (!literals) return [{ kinds: bit, node: { type: 'intersection', of: [a, b] } }];
  const keys = new Set(b.map(({ node }) => keyOf(node)));
  return a.filter(({ node }) => keys.has(keyOf(node)));
}

/** One of the two, which is enough of an upper bound: tuples say more than arrays do. */
function narrowerArrays(a: Shape, b: Shape): Shape {
  return a.some(({ node }) => node.type === 'array') ? b : a;
}

function intersectObjects(a: Shape, b: Shape): Shape {
  const nodes = a.length * nodesOf(b) + b.length * nodesOf(a);
  if (a.length * b.length > 1 && nodes > combinedNodesMax) {
    return [{ kinds: kind.object, node: { type: 'intersection', of: [a, b] } }];
  }
  return a.flatMap((left) =>
    b.map((right) => ({ kinds: kind.object, node: mergeObjects(left.node, right.node) })),
  );
}

/** One object type of two; what is no object type stays beside it. */
function mergeObjects(a: TypeNode, b: TypeNode): TypeNode {
  if (a.type === 'object' && b.type === 'object') return mergeMembers(a, b);
  const parts = [a, b].flatMap((node): Shape[] =>
    node.type === 'intersection' ? [...node.of] : [[{ kinds: kind.object, node }]],
  );
  const objects = parts.flatMap(([first, ...more]) =>
    first?.node.type === 'object' && more.length === 0 ? [first.node] : [],
  );
  const others = parts.filter(
    ([first, ...more]) => first?.node.type !== 'object' || more.length > 0,
  );
  const [merged, ...rest] = objects;
  const distinct = [...new Map(others.map((shape) => [keysOf(shape), shape])).values()];
  if (merged === undefined) return intersectionOf(distinct);
  return intersectionOf([
    ...distinct,
    [{ kinds: kind.object, node: rest.reduce(mergeMembers, merged) }],
  ]);
}

function intersectionOf(of: readonly Shape[]): TypeNode {
  const [first, ...more] = of;
  const [only, ...others] = first ?? [];
  if (only !== undefined && others.length === 0 && more.length === 0) return only.node;
  return { type: 'intersection', of };
}

function mergeMembers(a: ObjectNode, b: ObjectNode): ObjectNode {
  const members = new Map<string, MemberType>(a.members);
  for (const [name, member] of b.members) {
    const other = members.get(name);
    members.set(name, other === undefined ? member : mergeMember(other, member));
  }
  const index = a.index && b.index ? intersect(a.index, b.index) : (a.index ?? b.index);
  return { type: 'object', members, index };
}

function mergeMember(a: MemberType, b: MemberType): MemberType {
  return {
    shape: intersect(a.shape, b.shape),
    isOptional: a.isOptional && b.isOptional,
    comment: a.comment.length > 0 ? a.comment : b.comment,
  };
}

/** How large a type is, written out. */
export function nodesOf(shape: Shape): number {
  return shape.reduce((sum, { node }) => sum + nodesOfNode(node), 0);
}

function nodesOfNode(node: TypeNode): number {
  switch (node.type) {
    case 'object': {
      const shapes = [...node.members.values()].map((member) => member.shape);
      return sumOf([...shapes, node.index ?? []]);
    }
    case 'array':
      return 1 + nodesOf(node.item);
    case 'tuple':
      return sumOf([...node.items, node.rest ?? []]);
    case 'intersection':
      return sumOf(node.of);
    default:
      return 1;
  }
}

function sumOf(shapes: readonly Shape[]): number {
  return shapes.reduce((sum, shape) => sum + nodesOf(shape), 1);
}

function keysOf(shape: Shape): string {
  return shape.map(({ node }) => keyOf(node)).join('|');
}

/** Equal for equal types, whatever their comments are. */
function keyOf(node: TypeNode): string {
  return JSON.stringify(node, (_name, value: unknown) =>
    value instanceof Map
      ? [...(value as ReadonlyMap<string, MemberType>)].map(([name, member]) => [
          name,
          member.isOptional,
          member.shape,
        ])
      : value,
  );
}
