import { refused } from '../failures.js';
import { columnsMax, expressionsMax, nestedMax, nestedSumMax, tablesMax } from '../limits.js';
import { viewName } from './checkTree.js';
import { folded, isNode, nodesIn } from './tree.js';
import type { Node } from './tree.js';

// DuckDB plans a query in one go, which nothing ends: not its time, not its memory. A short text can stand
// for a large plan: tables named by WITH are put in wherever they are named, `*` stands for columns, an
// alias for its expression. So it is worked out beforehand how large the plan is, never too small.

/** What stands for one column where it is named. */
interface Column {
  /** Expressions that it is made of. */
  readonly expressions: number;
  /** Parts that its value has: 1 unless it is a struct. */
  readonly parts: number;
}

interface Table {
  /** Tables and SELECTs that it is made of. */
  readonly tables: number;
  readonly width: number;
  /** By folded name; those that are not known count as the largest. */
  readonly columns: ReadonlyMap<string, Column>;
  readonly largest: Column;
}

type Scope = ReadonlyMap<string, Table>;

const one: Column = { expressions: 1, parts: 1 };
const nothing: Table = { tables: 0, width: 0, columns: new Map(), largest: one };
/** The view, and what has columns of its own making. */
const plain: Table = { ...nothing, tables: 1, width: 16 };
/** Functions whose value has all parts of their arguments. */
const gathering = new Set([
  'struct_pack',
  'row',
  'struct_insert',
  'struct_concat',
  'struct_update',
]);

/** Throws `invalid_query` where the plan of a statement would be too large. */
export function checkPlanSize(statement: Node): void {
  const sum = { nested: 0 };
  checkNested(statement, sum);
  if (sum.nested > nestedSumMax) throw tooLarge('less of expressions in each other');
  measured(statement, new Map());
}

interface Nested {
  readonly depth: number;
  readonly expressions: number;
}

/** The plan is made in a time that grows with a power of how deep expressions are nested. */
function checkNested(value: unknown, sum: { nested: number }): Nested {
  if (Array.isArray(value)) return both(value.map((item) => checkNested(item, sum)));
  if (!isNode(value)) return { depth: 0, expressions: 0 };
  const inside = both(Object.values(value).map((member) => checkNested(member, sum)));
  if (value['class'] === undefined) {
    // Such as a branch of CASE.
    if (value['type'] === undefined) return inside;
    // A part of a query: the expressions in it are whole.
    sum.nested += inside.depth * inside.expressions;
    return { depth: 0, expressions: 0 };
  }
  if (inside.depth >= nestedMax) throw tooLarge(`${nestedMax} expressions in each other`);
  return { depth: inside.depth + 1, expressions: inside.expressions + 1 };
}

function both(all: readonly Nested[]): Nested {
  return {
    depth: Math.max(0, ...all.map(({ depth }) => depth)),
    expressions: sumOf(all, ({ expressions }) => expressions),
  };
}

/** A query, or what holds one. */
function measured(value: unknown, scope: Scope): Table {
  if (!isNode(value)) return nothing;
  if (isNode(value['node'])) return measured(value['node'], scope);
  if (isNode(value['query'])) return measured(value['query'], scope);
  if (isNode(value['subquery'])) return named(value, measured(value['subquery'], scope));
  const inner = withNamed(value, scope);
  switch (value['type']) {
    case 'SELECT_NODE':
      return ofSelect(value, inner);
    case 'SET_OPERATION_NODE':
      return beside(
        parts(value, ['left', 'right', 'children']).map((each) => measured(each, inner)),
      );
    case 'RECURSIVE_CTE_NODE':
      return ofRecursion(value, inner);
    default:
      return ofSource(value, inner);
  }
}

function withNamed({ cte_map: named }: Node, scope: Scope): Scope {
  const inner = new Map(scope);
  for (const { key, value } of nodesIn(isNode(named) ? named['map'] : undefined)) {
    inner.set(folded(String(key)), measured(value, inner));
  }
  return inner;
}

function ofRecursion({ left, right, cte_name: name }: Node, scope: Scope): Table {
  const first = measured(left, scope);
  const again = new Map(scope).set(folded(String(name)), { ...first, tables: 1 });
  return beside([first, measured(right, again)]);
}

/** What stands behind FROM. */
function ofSource(node: Node, scope: Scope): Table {
  switch (node['type']) {
    case 'BASE_TABLE': {
      const name = folded(String(node['table_name']));
      return named(node, (name === viewName ? undefined : scope.get(name)) ?? plain);
    }
    case 'JOIN': {
      const both = joined([measured(node['left'], scope), measured(node['right'], scope)]);
      return withSubqueries(both, [node['condition']], { from: both, scope });
    }
    case 'EXPRESSION_LIST': {
      const rows = Array.isArray(node['values']) ? (node['values'] as unknown[]) : [];
      const width = Math.max(0, ...rows.map((row) => (Array.isArray(row) ? row.length : 1)));
      return withSubqueries({ ...plain, width }, rows, { from: nothing, scope });
    }
    case 'PIVOT':
      return ofPivot(node, scope);
    case 'EMPTY':
      return nothing;
    default:
      return withSubqueries(named(node, plain), Object.values(node), { from: plain, scope });
  }
}

/** Of several pivots each value of the one is beside each of the other. */
function ofPivot(node: Node, scope: Scope): Table {
  const source = measured(node['source'], scope);
  const entries = nodesIn(node['pivots']).map((pivot) => nodesIn(pivot['entries']).length);
  const made = entries.reduce((product, count) => product * Math.max(1, count), 1);
  const width = source.width + made * Math.max(1, nodesIn(node['aggregates']).length);
  return checked({ ...source, width, columns: new Map() });
}

function ofSelect(node: Node, scope: Scope): Table {
  const from = measured(node['from_table'], scope);
  const columns = new Map<string, Column>();
  const context = { from, scope, aliases: columns };
  let tables = from.tables + 1;
  let width = 0;
  let largest = one;
  for (const item of nodesIn(node['select_list'])) {
    const { tables: more, stars, ...column } = ofExpression(item, context);
    tables += more;
    width += stars === 0 ? 1 : stars * Math.max(1, from.width);
    largest = larger(largest, stars === 0 ? column : larger(column, from.largest));
    if (item['class'] === 'STAR') addAll(columns, from.columns);
    else columns.set(nameOf(item), column);
  }
  const { select_list: _, from_table: __, cte_map: ___, ...rest } = node;
  const whole = { tables, width, columns: new Map(columns), largest };
  return withSubqueries(whole, Object.values(rest), context);
}

interface Context {
  readonly from: Table;
  readonly scope: Scope;
  /** What has a name in the same list already: DuckDB puts the expression in its place. */
  readonly aliases?: ReadonlyMap<string, Column>;
}

interface Measured extends Column {
  readonly tables: number;
  /** `*`, and COLUMNS, which stands for as many expressions. */
  readonly stars: number;
}

function ofExpression(value: unknown, context: Context): Measured {
  if (Array.isArray(value)) return together(value.map((item) => ofExpression(item, context)));
  if (!isNode(value)) return { tables: 0, stars: 0, expressions: 0, parts: 1 };
  const { class: kind } = value;
  if (kind === 'COLUMN_REF') return { tables: 0, stars: 0, ...columnOf(value, context) };
  if (kind === 'SUBQUERY') {
    const answer = measured(value['subquery'], context.scope);
    const others = ofExpression(value['child'], context);
    const { largest, tables } = answer;
    return { ...others, tables: tables + others.tables, parts: largest.parts };
  }
  const { children, ...others } = value;
  const given = nodesIn(children).map((child) => ofExpression(child, context));
  const rest = Object.values(others).map((member) => ofExpression(member, context));
  const inside = together([...given, ...rest]);
  const isGathering = kind === 'FUNCTION' && gathering.has(folded(String(value['function_name'])));
  return checkedExpression({
    tables: inside.tables,
    stars: inside.stars + (kind === 'STAR' ? 1 : 0),
    expressions: inside.expressions + (kind === undefined ? 0 : 1),
    parts: isGathering ? 1 + sumOf(given, ({ parts: count }) => count) : inside.parts,
  });
}

function together(all: readonly Measured[]): Measured {
  return checkedExpression({
    tables: sumOf(all, ({ tables }) => tables),
    stars: sumOf(all, ({ stars }) => stars),
    expressions: sumOf(all, ({ expressions }) => expressions),
    parts: Math.max(1, ...all.map(({ parts: count }) => count)),
  });
}

/** By the last of its names, the one of the column; the name of a table stands for a struct of all of it. */
function columnOf({ column_names: names }: Node, { from, aliases }: Context): Column {
  const list = Array.isArray(names) ? names.map((name) => folded(String(name))) : [];
  const known = list.flatMap((name) => [aliases?.get(name), from.columns.get(name)]);
  const columns = known.filter((column) => column !== undefined);
  if (columns.length > 0) return columns.reduce(larger);
  return { ...from.largest, parts: Math.max(from.width, from.largest.parts) };
}

function nameOf(item: Node): string {
  const { alias, column_names: names } = item;
  if (typeof alias === 'string' && alias !== '') return folded(alias);
  return Array.isArray(names) ? folded(String(names.at(-1))) : '';
}

/** A table by another name: its columns may have others, too. */
function named({ column_name_alias: names }: Node, table: Table): Table {
  if (!Array.isArray(names) || names.length === 0) return table;
  return { ...table, columns: new Map() };
}

function joined(tables: readonly Table[]): Table {
  const columns = new Map<string, Column>();
  for (const table of tables) addAll(columns, table.columns);
  return checked({
    tables: sumOf(tables, (table) => table.tables),
    width: sumOf(tables, ({ width }) => width),
    columns,
    largest: tables.map(({ largest }) => largest).reduce(larger, one),
  });
}

/** Rows of several with the same columns. */
function beside(tables: readonly Table[]): Table {
  const width = Math.max(0, ...tables.map((table) => table.width));
  return { ...joined(tables), width, columns: new Map() };
}

function withSubqueries(table: Table, values: readonly unknown[], context: Context): Table {
  const { tables } = ofExpression(values, context);
  return checked({ ...table, tables: table.tables + tables });
}

function addAll(columns: Map<string, Column>, others: ReadonlyMap<string, Column>): void {
  for (const [name, column] of others) columns.set(name, larger(columns.get(name) ?? one, column));
}

function larger(a: Column, b: Column): Column {
  return {
    expressions: Math.max(a.expressions, b.expressions),
    parts: Math.max(a.parts, b.parts),
  };
}

function parts(node: Node, names: readonly string[]): readonly unknown[] {
  return names.flatMap((name) =>
    Array.isArray(node[name]) ? (node[name] as unknown[]) : [node[name]],
  );
}

function sumOf<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((sum, item) => sum + count(item), 0);
}

function checkTables({ tables }: { readonly tables: number }): void {
  if (tables <= tablesMax) return;
  throw tooLarge(`${tablesMax} tables, each counted as often as it is named`);
}

function checked(table: Table): Table {
  checkTables(table);
  if (table.width > columnsMax) throw tooLarge(`${columnsMax} columns`);
  return table;
}

function checkedExpression(expression: Measured): Measured {
  if (expression.expressions > expressionsMax) {
    throw tooLarge(`${expressionsMax} expressions, an alias counted as what it stands for`);
  }
  if (expression.parts > columnsMax) throw tooLarge(`${columnsMax} parts of a value`);
  checkTables(expression);
  return expression;
}

function tooLarge(what: string) {
  return refused(`its plan would be too large: expected at most ${what}`);
}
