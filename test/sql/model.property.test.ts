// What SQL answers to random queries, over Parquet files, the log and what is appended meanwhile, is what a
// plain evaluation of the same query over a list of events gives: with nulls, in three-valued logic.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SqlRow } from '../../src/index.js';
import { Tiered } from './tiered.js';

/** More with PROPERTY_RUNS=2000; a failed run prints its seed, for PROPERTY_SEED. */
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 150);
const seed = process.env['PROPERTY_SEED'];

const tenants = ['default', 'other'] as const;
const types = ['order.placed', 'order.paid', 'stock.moved'];
const entities = ['a', 'b', 'ab', 'b%', 'c_'];
const texts = ["it's", 'ü', '', 'x%', 'a_b', '"', 'zz'];

interface Row {
  readonly position: number;
  readonly version: number;
  readonly event_type: string;
  readonly entity_id: string;
  /** Of the payload, where it has them. */
  readonly n: number | null;
  readonly s: string | null;
  readonly tags: number;
}

type Truth = boolean | null;
type Value = number | string | null;

/** A query, and what it means. */
interface Term<T> {
  readonly sql: string;
  readonly of: (row: Row) => T;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const columns: readonly Term<number | null>[] = [
  { sql: 'position', of: ({ position }) => position },
  { sql: 'version', of: ({ version }) => version },
  { sql: "(payload->>'n')::BIGINT", of: ({ n }) => n },
  { sql: 'len(tags)', of: ({ tags }) => tags },
];
const textColumns: readonly Term<string | null>[] = [
  { sql: 'event_type', of: ({ event_type: type }) => type },
  { sql: 'entity_id', of: ({ entity_id: entity }) => entity },
  { sql: "payload->>'s'", of: ({ s }) => s },
];

/** As DuckDB compares texts: by their bytes. */
function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b);
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const operators: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '>=': (order) => order >= 0,
};

function comparison<T extends number | string>(
  { sql, of }: Term<T | null>,
  operator: string,
  value: T,
): Term<Truth> {
  const literal = typeof value === 'string' ? quoted(value) : String(value);
  const holds = operators[operator] ?? (() => false);
  return {
    sql: `${sql} ${operator} ${literal}`,
    of: (row) => {
      const found = of(row);
      return found === null ? null : holds(compare(found, value));
    },
  };
}

/** `%` is any text and `_` any character. */
function like({ sql, of }: Term<string | null>, pattern: string): Term<Truth> {
  const source = [...pattern].map((c) => (c === '%' ? '.*' : c === '_' ? '.' : `\\u{${code(c)}}`));
  const regex = new RegExp(`^${source.join('')}$`, 'su');
  return {
    sql: `${sql} LIKE ${quoted(pattern)}`,
    of: (row) => {
      const found = of(row);
      return found === null ? null : regex.test(found);
    },
  };
}

const code = (character: string): string => (character.codePointAt(0) ?? 0).toString(16);

const negation = ({ sql, of }: Term<Truth>): Term<Truth> => ({
  sql: `NOT (${sql})`,
  of: (row) => {
    const truth = of(row);
    return truth === null ? null : !truth;
  },
});

/** `false AND null` is false, `true OR null` is true. */
function joined(word: 'AND' | 'OR', [a, b]: readonly [Term<Truth>, Term<Truth>]): Term<Truth> {
  const decides = word === 'OR';
  return {
    sql: `(${a.sql}) ${word} (${b.sql})`,
    of: (row) => {
      const truths = [a.of(row), b.of(row)];
      if (truths.includes(decides)) return decides;
      return truths.includes(null) ? null : !decides;
    },
  };
}

const conditions = fc.letrec<{ any: Term<Truth> }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc
      .tuple(
        fc.constantFrom(...columns),
        fc.constantFrom(...Object.keys(operators)),
        fc.integer({ min: -3, max: 400 }),
      )
      .map(([column, operator, value]) => comparison(column, operator, value)),
    fc
      .tuple(
        fc.constantFrom(...textColumns),
        fc.constantFrom(...Object.keys(operators)),
        fc.constantFrom(...types, ...entities, ...texts),
      )
      .map(([column, operator, value]) => comparison(column, operator, value)),
    fc
      .tuple(
        fc.constantFrom(...textColumns),
        fc.constantFrom('%', 'order.%', 'a_b', '_', "%'%", 'b\\%', ''),
      )
      .map(([column, pattern]) => like(column, pattern)),
    fc.constantFrom(...columns, ...textColumns).map<Term<Truth>>(({ sql, of }) => ({
      sql: `${sql} IS NULL`,
      of: (row) => of(row) === null,
    })),
    tie('any').map(negation),
    fc
      .tuple(fc.constantFrom('AND' as const, 'OR' as const), tie('any'), tie('any'))
      .map(([word, a, b]) => joined(word, [a, b])),
  ),
})).any;

/** Of the rows that a condition selects, in the order of positions. */
interface Question {
  readonly sql: (where: string) => string;
  readonly answer: (rows: readonly Row[], all: readonly Row[]) => readonly SqlRow[];
}

const lists = fc
  .record({ isDescending: fc.boolean(), limit: fc.nat(20), offset: fc.nat(20) })
  .map<Question>(({ isDescending, limit, offset }) => ({
    sql: (where) =>
      `SELECT position, version, event_type, entity_id, payload->>'s' AS s FROM events WHERE ${where}
       ORDER BY position${isDescending ? ' DESC' : ''} LIMIT ${limit} OFFSET ${offset}`,
    answer: (rows) =>
      (isDescending ? [...rows].reverse() : rows)
        .slice(offset, offset + limit)
        .map(({ n: _, tags: __, ...row }) => ({ ...row })),
  }));

function groupsOf(rows: readonly Row[], key: (row: Row) => Value): [Value, Row[]][] {
  const groups = new Map<Value, Row[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups].sort(([a], [b]) => (a === null ? -1 : b === null ? 1 : compare(a, b)));
}

const known = <T>(values: readonly (T | null)[]): T[] =>
  values.filter((value): value is T & (string | number) => value !== null);

const groups = fc
  .constantFrom<Term<Value>>(...textColumns, ...columns.slice(1))
  .map<Question>((key) => ({
    sql: (where) =>
      `SELECT ${key.sql} AS key, count(*) AS events, count(payload->>'s') AS texts,
         sum((payload->>'n')::BIGINT)::BIGINT AS total, min(position) AS first,
         count(DISTINCT entity_id) AS entities
       FROM events WHERE ${where} GROUP BY 1 ORDER BY 1 NULLS FIRST`,
    answer: (rows) =>
      groupsOf(rows, key.of).map(([value, members]) => {
        const numbers = known(members.map(({ n }) => n));
        return {
          key: value,
          events: members.length,
          texts: known(members.map(({ s }) => s)).length,
          total: numbers.length === 0 ? null : numbers.reduce((sum, n) => sum + n, 0),
          first: Math.min(...members.map(({ position }) => position)),
          entities: new Set(members.map(({ entity_id: entity }) => entity)).size,
        };
      }),
  }));

const windows = fc.constant<Question>({
  sql: (where) =>
    `SELECT position, lag(position) OVER (PARTITION BY entity_id ORDER BY version) AS before
     FROM events WHERE ${where} ORDER BY position`,
  answer: (rows) =>
    rows.map(({ position, entity_id: entity }) => ({
      position,
      before:
        rows.findLast((row) => row.entity_id === entity && row.position < position)?.position ??
        null,
    })),
});

const joins = fc.constant<Question>({
  sql: (where) =>
    `WITH chosen AS (SELECT * FROM events WHERE ${where})
     SELECT a.position AS one, b.position AS next FROM chosen a JOIN events b
       ON a.entity_id = b.entity_id AND b.version = a.version + 1
     ORDER BY 1`,
  answer: (rows, all) =>
    rows.flatMap(({ position, entity_id: entity, version }) => {
      const next = all.find((row) => row.entity_id === entity && row.version === version + 1);
      return next === undefined ? [] : [{ one: position, next: next.position }];
    }),
});

const questions = fc.oneof(lists, groups, windows, joins);

class History {
  readonly tiered: Tiered;
  readonly #rows = new Map<string, Row[]>(tenants.map((tenant) => [tenant, []]));

  constructor(tiered: Tiered) {
    this.tiered = tiered;
  }

  rowsOf(tenant: string): readonly Row[] {
    return this.#rows.get(tenant) ?? [];
  }

  async append(drawn: readonly Drawn[]): Promise<void> {
    for (const { tenantId, eventType, entityId, n, s, tags } of drawn) {
      const payload = { ...(n !== null && { n }), ...(s !== null && { s }) };
      const names = Array.from({ length: tags }, (_, i) => `t${i}`);
      const event = { tenantId, eventType, entityId, payload, tags: names };
      const { position, version } = await this.tiered.store.append(event);
      const row = { position, version, event_type: eventType, entity_id: entityId, n, s, tags };
      this.#rows.get(tenantId)?.push(row);
    }
  }
}

const events = fc.record({
  tenantId: fc.constantFrom(...tenants),
  eventType: fc.constantFrom(...types),
  entityId: fc.constantFrom(...entities),
  n: fc.option(fc.integer({ min: -50, max: 50 })),
  s: fc.option(fc.constantFrom(...texts)),
  tags: fc.nat(2),
});
type Drawn = typeof events extends fc.Arbitrary<infer T> ? T : never;

async function makeHistory(): Promise<History> {
  const history = new History(await Tiered.open());
  const sample = { numRuns: 400, ...(seed !== undefined && { seed: Number(seed) }) };
  await history.append(fc.sample(events, sample));
  await history.tiered.seal(1, 150, tenants);
  await history.tiered.seal(151, 260, tenants);
  return history;
}

it('answers random queries as a plain evaluation of them does', { timeout: 600_000 }, async () => {
  const history = await makeHistory();
  const more = fc.array(events, { maxLength: 3 });
  const asked = fc.record({
    tenantId: fc.constantFrom(...tenants),
    where: conditions,
    question: questions,
    more,
  });
  const property = fc.asyncProperty(asked, async ({ tenantId, where, question, more: drawn }) => {
    await history.append(drawn);
    const sql = question.sql(where.sql);
    const all = history.rowsOf(tenantId);
    const selected = all.filter((row) => where.of(row) === true);
    const rows = await history.tiered.rows(sql, { tenantId });
    expect(rows, sql).toEqual(question.answer(selected, all));
  });
  await fc.assert(property, { numRuns, ...(seed !== undefined && { seed: Number(seed) }) });
});
