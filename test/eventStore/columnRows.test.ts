import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { fieldPath, valueAt } from '../../src/domain/index.js';
import type { ColumnsRow, JsonValue } from '../../src/domain/index.js';
import { SystemAccess, eventBytes, openCore, parseColumnRows } from '../../src/eventStore/index.js';

const paths = ['a', 'b', 'a.a', 'a.0', 'b.1.a', '0', '1.b', 'a.b.a.b', 'ü', 'a"b'];

/** JSON as people write it: names that come twice, escapes, and white space wherever it may be. */
const space = fc.constantFrom('', '', ' ', '\n\t');
const name = fc.constantFrom(
  '"a"',
  '"b"',
  '"0"',
  '"1"',
  '"\\u0061"',
  '"ü"',
  '"a\\"b"',
  '"\\ud800"',
);
const scalar = fc.constantFrom(
  '1',
  '-0.50e1',
  '"x"',
  '""',
  '"\\\\"',
  '"]}"',
  'null',
  'true',
  '1e400',
);
const { json } = fc.letrec<{ json: string; list: string; object: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    scalar,
    tie('object'),
    tie('list'),
  ),
  list: fc
    .array(fc.tuple(space, tie('json'), space), { maxLength: 3 })
    .map((items) => `[${items.map((item) => item.join('')).join(',')} ]`),
  object: fc
    .array(fc.tuple(space, name, space, fc.constant(':'), space, tie('json'), space), {
      maxLength: 5,
    })
    .map((members) => `{${members.map((member) => member.join('')).join(',')} }`),
}));

function rowOf(payload: string, position: number): unknown[] {
  const value = JSON.parse(payload) as JsonValue;
  const columns = paths.map((path) => {
    const found = valueAt(value, fieldPath(path));
    if (found === undefined) return [];
    return typeof found === 'object' && found !== null ? [found] : found;
  });
  return [position, expect.any(Number), ...columns, position];
}

it('the engine finds in payloads what JavaScript finds in them', async () => {
  const core = await openCore({ memory: true }, { milestoneEvery: 0 });
  onTestFinished(() => core.close(async () => undefined));
  const log = new SystemAccess(core);
  let after = 0;
  let found = 0;
  const check = async (payloads: readonly string[]): Promise<void> => {
    await log.appendTexts(
      payloads.map((text) => `{"entityId":"e","eventType":"t","payload":${text}}`),
    );
    const stop = new AbortController();
    const fields = [...paths.map((path) => `payload.${path}`), '$version'];
    const source = eventBytes(log, {
      ...{ tenantId: 'default', filter: {}, form: 'columnRows', fields },
      ...{ after, until: undefined, signal: stop.signal },
    });
    const rows: ColumnsRow[] = [];
    while (rows.length < payloads.length) {
      const { value } = await source.next();
      rows.push(...parseColumnRows(value?.bytes ?? Buffer.alloc(0)));
    }
    stop.abort();
    expect(rows).toEqual(payloads.map((payload, at) => rowOf(payload, after + at + 1)));
    const values = rows.flatMap((row) => row.slice(2, -1));
    found += values.filter((value) => !Array.isArray(value) || value.length > 0).length;
    after += rows.length;
  };
  await fc.assert(fc.asyncProperty(fc.array(json, { minLength: 1, maxLength: 20 }), check), {
    numRuns: 200,
    endOnFailure: true,
  });
  expect(found).toBeGreaterThan(after / 3);
});
