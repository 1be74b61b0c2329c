import { refused } from '../failures.js';

/** A node of the tree that `json_serialize_sql` makes of a statement. */
export type Node = Readonly<Record<string, unknown>>;

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Texts of the tree, which are there in each node of their kind. */
export function textIn(node: Node, field: string): string {
  const text = node[field];
  if (typeof text === 'string') return text;
  throw refused(`a tree without ${field} is not understood`);
}

/** Nodes that a member has, whatever way it keeps them. */
export function nodesIn(value: unknown): readonly Node[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isNode);
}

/** DuckDB takes names for the same that differ in the case of ASCII letters, and only these. */
export function folded(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
