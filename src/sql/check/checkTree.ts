import { refused } from '../failures.js';
import { allowedFunctions, allowedTableFunctions } from './functions.js';
import { folded, isNode, nodesIn, textIn } from './tree.js';
import type { Node } from './tree.js';

/** The view that all queries are about. */
export const viewName = 'events';

/** Of a tree: what a text within its bound can hardly reach. */
const depthMax = 2_000;
/** A name of a common table expression: nothing that could be a file, or a table with a path. */
const tableName = /^[\p{L}_][\p{L}\p{N}_]*$/u;

const expressionClasses = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'LAMBDA',
  'OPERATOR',
  'POSITIONAL_REFERENCE',
  'STAR',
  'SUBQUERY',
  'TYPE',
  'WINDOW',
]);

/** Kinds of nodes that are no expressions, and need no look but at what is in them. */
const plainTypes = new Set([
  'SELECT_NODE',
  'SET_OPERATION_NODE',
  'EMPTY',
  'EXPRESSION_LIST',
  'JOIN',
  'PIVOT',
  'SUBQUERY',
  'DISTINCT_MODIFIER',
  'LIMIT_MODIFIER',
  'LIMIT_PERCENT_MODIFIER',
  'ORDER_MODIFIER',
  'ASCENDING',
  'DESCENDING',
  'ORDER_DEFAULT',
]);

/** Types of values: they name no tables, but their parts may be expressions. */
const typeTypes = /^[A-Z_]+_TYPE_INFO$/;

/** The tables that a place of a query knows by name, besides the view. */
type Scope = ReadonlySet<string>;

const nowhere: Scope = new Set();

/**
 * Checks that the tree of a SELECT reads nothing but the view `events` and what the query itself makes,
 * and calls nothing but what is allowed. A kind of node that is not known here is refused.
 */
export function checkTree(statement: Node): void {
  visit(statement, { scope: nowhere, depth: 0 });
}

interface Place {
  readonly scope: Scope;
  readonly depth: number;
}

function visit(value: unknown, place: Place): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, place);
    return;
  }
  if (!isNode(value)) return;
  if (place.depth > depthMax) throw refused('it is nested too deeply');
  const inside = { ...place, depth: place.depth + 1 };
  if ('class' in value) visitExpression(value, inside);
  else if (typeof value['type'] === 'string') visitTyped(value, inside);
  else visitMembers(value, inside);
}

function visitMembers(node: Node, place: Place): void {
  for (const member of Object.values(node)) visit(member, place);
}

function visitExpression(node: Node, place: Place): void {
  const kind = textIn(node, 'class');
  if (kind === 'PARAMETER') throw refused('it has parameters; write the values into it', node);
  if (!expressionClasses.has(kind)) throw refused(`${kind} is not offered`, node);
  if (kind === 'FUNCTION' || kind === 'WINDOW') checkFunction(node, allowedFunctions);
  visitMembers(node, place);
}

/** Those of DuckDB itself, which are named without a schema, or by the parser with `main`. */
function checkFunction(node: Node, allowed: ReadonlySet<string>): void {
  const name = textIn(node, 'function_name');
  const isPlain = isOneOf(node['catalog'], ['', 'system']) && isOneOf(node['schema'], ['', 'main']);
  if (isPlain && allowed.has(name.toLowerCase())) return;
  throw refused(`the function ${name} is not offered`, node);
}

function isOneOf(value: unknown, texts: readonly string[]): boolean {
  return typeof value === 'string' && texts.includes(value);
}

function visitTyped(node: Node, place: Place): void {
  const type = textIn(node, 'type');
  if (type === 'BASE_TABLE') checkTable(node, place.scope);
  else if (type === 'TABLE_FUNCTION') {
    visitTableFunction(node, place);
    return;
  } else if (type === 'SHOW_REF') checkShown(node);
  else if (type === 'RECURSIVE_CTE_NODE') {
    visitRecursion(node, place);
    return;
  } else if (!plainTypes.has(type) && !typeTypes.test(type)) {
    throw refused(`${type} is not offered`, node);
  }
  visitNamed(node, place);
}

/** A node with the tables that it names by WITH: each sees those before it, the rest sees all. */
function visitNamed({ cte_map: named, ...rest }: Node, place: Place): void {
  let scope = place.scope;
  for (const { key, value } of nodesIn(isNode(named) ? named['map'] : undefined)) {
    if (typeof key !== 'string' || !tableName.test(key)) {
      throw refused('a name behind WITH has other characters than letters, digits and _');
    }
    visit(value, { ...place, scope });
    scope = new Set([...scope, folded(key)]);
  }
  visitMembers(rest, { ...place, scope });
}

/** Its right side sees what it is called. */
function visitRecursion({ right, ...rest }: Node, place: Place): void {
  visitNamed(rest, place);
  const scope = new Set([...place.scope, folded(textIn(rest, 'cte_name'))]);
  visit(right, { ...place, scope });
}

function checkTable(node: Node, scope: Scope): void {
  const name = textIn(node, 'table_name');
  const isBare =
    node['schema_name'] === '' && node['catalog_name'] === '' && node['at_clause'] === null;
  if (isBare && (folded(name) === viewName || scope.has(folded(name)))) return;
  throw refused(
    `it reads a table that is not there: expected ${viewName}, or a name of the query's own WITH`,
    node,
  );
}

function visitTableFunction({ function: call, ...rest }: Node, place: Place): void {
  if (!isNode(call) || call['class'] !== 'FUNCTION') throw refused('it is not understood', rest);
  checkFunction(call, allowedTableFunctions);
  visitMembers(call, place);
  visitMembers(rest, place);
}

/** DESCRIBE and SUMMARIZE of a query; what is shown of the catalogue has none. */
function checkShown(node: Node): void {
  if (!isNode(node['query'])) throw refused('SHOW is not offered; DESCRIBE events is', node);
}
