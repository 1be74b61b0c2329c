import { describe, expect, it } from 'vitest';
import { answerCheck, sendJson } from './documentedAnswers.js';
import {
  type Answer,
  type Target,
  append,
  bodyOf,
  call,
  json,
  startExpress,
  startListening,
} from './support.js';

const path = '/api/v1/schemas';
const upcasters = '/api/v1/upcasters';
const totals = {
  type: 'object',
  properties: { total: { type: 'integer' } },
  required: ['total'],
  additionalProperties: false,
};
const wider = {
  ...totals,
  properties: { total: { type: 'integer' }, currency: { type: 'string' } },
};
const stricter = { ...wider, required: ['total', 'currency'] };

function send(target: Target, method: string, suffix: string, body?: unknown): Promise<Answer> {
  return sendJson(target, { method, path: path + suffix, body });
}

function register(target: Target, subject: string, schema: unknown, query = ''): Promise<Answer> {
  return send(target, 'POST', query, { subject, schema });
}

const codeOf = (answer: Answer): unknown => [answer.status, bodyOf(answer)['code']];

describe.each([
  ['listen', startListening],
  ['createApp', startExpress],
])('schemas over HTTP, %s', (_name, start) => {
  it('are registered, listed, read and deleted as the document says', async () => {
    const target = await start();
    const check = await answerCheck(target);
    const body = { subject: 'order.placed', schema: totals, description: 'An order', tags: ['a'] };
    const created = await send(target, 'POST', '', body);
    expect(created.status).toBe(201);
    const first = check('RegisteredSchema', created);
    expect(first).toMatchObject({
      ...{ subject: 'order.placed', tenant_id: 'default', version: 1, schema: totals },
      ...{ description: 'An order', tags: ['a'], is_new: true, schema_id: first['id'] },
      latest_version: 1,
      ...{ compatibility: 'BACKWARD', enforcement: 'enforce' },
    });
    const again = await send(target, 'POST', '', body);
    expect(again.status).toBe(200);
    expect(check('RegisteredSchema', again)).toEqual({ ...first, is_new: false });
    expect((await register(target, 'order.placed', wider)).status).toBe(201);
    const earlier = await send(target, 'POST', '', body);
    expect(earlier.status).toBe(200);
    expect(bodyOf(earlier)).toEqual({ ...first, is_new: false, latest_version: 2 });
    await register(target, 'a.first', true);
    const list = check('SchemaList', await send(target, 'GET', ''));
    expect(list).toMatchObject({ subjects: ['a.first', 'order.placed'], total: 2 });
    expect(list['details']).toMatchObject([{ latest_version: 1 }, { latest_version: 2 }]);
    const latest = check('SchemaVersion', await send(target, 'GET', '/order.placed'));
    expect(latest).toMatchObject({ version: 2, schema: wider, description: null, tags: [] });
    const one = check('SchemaVersion', await send(target, 'GET', '/order.placed?version=1'));
    const { schema_id: _id, is_new: _new, latest_version: _latest, ...shown } = first;
    expect(one).toEqual(shown);
    const versions = await send(target, 'GET', '/order.placed/versions');
    const numbers = { subject: 'order.placed', versions: [1, 2] };
    expect(check('SchemaVersions', versions)).toEqual(numbers);
    const deleted = await send(target, 'DELETE', '/order.placed?version=2');
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect(bodyOf(await send(target, 'GET', '/order.placed'))['version']).toBe(1);
    expect((await send(target, 'DELETE', '/order.placed')).status).toBe(204);
    expect(codeOf(await send(target, 'GET', '/order.placed'))).toEqual([404, 'schema_not_found']);
  });

  it('say whether a payload would be taken, and what of it is wrong', async () => {
    const target = await start();
    const check = await answerCheck(target);
    await register(target, 'order.placed', totals);
    await register(target, 'order.placed', wider);
    const validate = async (payload: unknown, version?: number) =>
      check(
        'Validation',
        await send(target, 'POST', '/validate', { subject: 'order.placed', version, payload }),
      );
    const valid = { valid: true, errors: [], schema_version: 2 };
    expect(await validate({ total: 1 })).toEqual(valid);
    const bad = await validate({ total: 'one', currency: 5 });
    expect(bad).toMatchObject({
      valid: false,
      errors: [
        { pointer: '/total', rule: 'type' },
        { pointer: '/currency', rule: 'type' },
      ],
    });
    expect(await validate({ total: 1, currency: 'EUR' })).toEqual(valid);
    const old = await validate({ total: 1, currency: 'EUR' }, 1);
    expect(old).toMatchObject({ valid: false, schema_version: 1 });
    expect(old['errors']).toMatchObject([{ rule: 'additionalProperties' }]);
    // Nothing was counted: these were no events.
    expect(bodyOf(await send(target, 'GET', ''))['details']).toMatchObject([
      { violations: { refused: 0, warned: 0 } },
    ]);
  });

  it('refuse an incompatible change with the place in the schema', async () => {
    const target = await start();
    const check = await answerCheck(target);
    await register(target, 'order.placed', totals);
    const refused = await register(target, 'order.placed', stricter);
    expect(codeOf(refused)).toEqual([409, 'incompatible_schema']);
    const told = check('Problem', refused);
    const [detail] = told['details'] as Record<string, unknown>[];
    expect(detail).toMatchObject({
      ...{ field: 'schema', subject: 'order.placed', version: 1, rule: 'required_added' },
      pointer: expect.stringContaining('/required') as string,
    });
    expect(told['error']).toContain('currency');
    const asked = await send(target, 'POST', '/order.placed/compatibility/check', {
      schema: stricter,
    });
    const answer = check('CompatibilityCheck', asked);
    expect(answer).toMatchObject({
      ...{ compatible: false, compatibility: 'BACKWARD' },
      breaking_changes: [{ version: 1, kind: 'required_added', direction: 'backward' }],
    });
    const fine = { schema: wider };
    const good = await send(target, 'POST', '/order.placed/compatibility/check', fine);
    expect(check('CompatibilityCheck', good)).toMatchObject({
      compatible: true,
      breaking_changes: [],
    });
    const put = { compatibility: 'none' };
    const set = await send(target, 'PUT', '/order.placed/compatibility', put);
    expect(check('SchemaSubject', set)).toMatchObject({
      subject: 'order.placed',
      compatibility: 'NONE',
    });
    expect((await register(target, 'order.placed', stricter)).status).toBe(201);
  });

  it('have subjects that are prefixes, or called as a part of a path', async () => {
    const target = await start();
    for (const subject of ['order.*', 'validate', 'versions', 'compatibility']) {
      expect((await register(target, subject, true)).status).toBe(201);
      for (const name of [subject, encodeURIComponent(subject), subject.replace('*', '%2A')]) {
        expect(bodyOf(await send(target, 'GET', `/${name}`))['subject']).toBe(subject);
        const versions = bodyOf(await send(target, 'GET', `/${name}/versions`));
        expect(versions['versions']).toEqual([1]);
      }
      expect((await send(target, 'DELETE', `/${subject}`)).status).toBe(204);
    }
    const refused = await send(target, 'PUT', '/validate', {});
    expect(codeOf(refused)).toEqual([405, 'method_not_allowed']);
    const asked = await call(target, { method: 'OPTIONS', path: `${path}/validate` });
    for (const { headers } of [refused, asked]) {
      expect(headers.allow).toBe('POST, GET, HEAD, DELETE, OPTIONS');
    }
    const other = await call(target, { method: 'OPTIONS', path: `${path}/validated` });
    expect(other.headers.allow).toBe('GET, HEAD, DELETE, OPTIONS');
  });

  it('are those of a tenant', async () => {
    const target = await start();
    await register(target, 'order.placed', totals, '?tenant_id=acme');
    expect(bodyOf(await send(target, 'GET', ''))['subjects']).toEqual([]);
    const theirs = bodyOf(await send(target, 'GET', '?tenant_id=acme'));
    expect(theirs['details']).toMatchObject([{ subject: 'order.placed', tenant_id: 'acme' }]);
    expect(codeOf(await send(target, 'GET', '/order.placed'))).toEqual([404, 'schema_not_found']);
    expect((await append(target, { payload: {} })).status).toBe(200);
    const refused = await append(target, { payload: {}, tenant_id: 'acme' });
    expect(codeOf(refused)).toEqual([400, 'payload_schema_violation']);
  });

  it('are followed by upcasters', async () => {
    const target = await start();
    const check = await answerCheck(target);
    const operations = [{ op: 'add', path: 'currency', value: 'EUR' }];
    const body = { event_type: 'order.placed', from_version: 1, operations };
    const at = (method: string, suffix: string, sent?: unknown) =>
      sendJson(target, { method, path: upcasters + suffix, body: sent });
    const made = await at('POST', '', body);
    expect(made.status).toBe(201);
    expect(check('Upcaster', made)).toEqual({ ...body, to_version: 2 });
    expect(codeOf(await at('POST', '', body))).toEqual([400, 'validation_error']);
    const list = check('UpcasterList', await at('GET', ''));
    expect(list).toEqual({ upcasters: [{ ...body, to_version: 2 }], total: 1 });
    expect(bodyOf(await at('GET', '?tenant_id=acme'))['total']).toBe(0);
    expect((await at('DELETE', '/order.placed/1')).status).toBe(204);
    expect(codeOf(await at('DELETE', '/order.placed/1'))).toEqual([404, 'schema_not_found']);
    expect(codeOf(await at('DELETE', '/order.placed/one'))).toEqual([400, 'validation_error']);
    for (const [wrong, field] of [
      [{ ...body, operations: [{ op: 'move', from: 'a', to: 'b' }] }, 'op'],
      [{ ...body, from_version: -1 }, 'from_version'],
      [{ ...body, to_version: 1 }, 'to_version'],
      [{ ...body, event_type: 'order.*' }, 'event_type'],
    ] as const) {
      const refused = await at('POST', '', wrong);
      expect(codeOf(refused), refused.text).toEqual([400, 'validation_error']);
      expect(refused.text).toContain(field);
    }
  });

  it('are not found, or refused, where the request is wrong', async () => {
    const target = await start();
    await register(target, 'order.placed', totals);
    const check = { schema: totals };
    const cases: readonly [string, string, unknown, number, string][] = [
      ['GET', '/nothing', undefined, 404, 'schema_not_found'],
      ['GET', '/nothing/versions', undefined, 404, 'schema_not_found'],
      ['GET', '/order.placed?version=2', undefined, 404, 'schema_not_found'],
      ['GET', '/order.placed?version=0', undefined, 400, 'invalid_query'],
      ['GET', '/order.placed?versoin=1', undefined, 400, 'invalid_query'],
      ['GET', '/Order%20Placed', undefined, 400, 'validation_error'],
      ['GET', '/__proto__', undefined, 404, 'schema_not_found'],
      ['DELETE', '/nothing', undefined, 404, 'schema_not_found'],
      ['DELETE', '/order.placed?version=7', undefined, 404, 'schema_not_found'],
      ['POST', '/validate', { subject: 'nothing', payload: 1 }, 404, 'schema_not_found'],
      ['POST', '/validate', { subject: 'order.placed' }, 400, 'validation_error'],
      ['POST', '/order.*.b/compatibility/check', check, 400, 'validation_error'],
      ['POST', '/order.placed/compatibility/check', {}, 400, 'validation_error'],
      ['PUT', '/nothing/compatibility', { compatibility: 'FULL' }, 404, 'schema_not_found'],
      ['PUT', '/order.placed/compatibility', { compatibility: 'SOME' }, 400, 'validation_error'],
      ['PUT', '/nothing/enforcement', { enforcement: 'off' }, 404, 'schema_not_found'],
      ['PUT', '/order.placed/enforcement', { enforcement: 'on' }, 400, 'validation_error'],
      ['POST', '', { subject: 'a', schema: true, more: 1 }, 400, 'validation_error'],
      ['POST', '', { subject: 'a', schema: true, tags: [''] }, 400, 'validation_error'],
      ['POST', '', { subject: 'a' }, 400, 'validation_error'],
      ['POST', '?tenant_id=$system', { subject: 'a', schema: true }, 400, 'invalid_query'],
    ];
    for (const [method, suffix, body, status, code] of cases) {
      const answer = await send(target, method, suffix, body);
      expect(codeOf(answer), `${method} ${suffix}: ${answer.text}`).toEqual([status, code]);
    }
    const broken = await call(target, { path, headers: json, body: '{"subject":' });
    expect(codeOf(broken)).toEqual([400, 'invalid_json']);
    const text = await call(target, { path, headers: { 'content-type': 'text/plain' }, body: '1' });
    expect(codeOf(text)).toEqual([415, 'unsupported_media_type']);
  });

  it('that are hostile get an answer that says why, and the server lives', async () => {
    const target = await start();
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const schemas: readonly [string, string][] = [
      [JSON.stringify({ description: 'x'.repeat(100_000) }), 'bytes'],
      ['{"$ref":"https://example.com/schema.json"}', '$ref'],
      ['{"type":"string","pattern":"(?=a)b"}', 'pattern'],
      ['{"type":"strange"}', 'type'],
      ['[]', 'an array'],
      [`{"enum":${deep}}`, 'levels'],
    ];
    for (const [schema, told] of schemas) {
      const body = `{"subject":"hostile","schema":${schema}}`;
      const refused = await call(target, { path, headers: json, body });
      expect(codeOf(refused), refused.text.slice(0, 300)).toEqual([400, 'validation_error']);
      expect(bodyOf(refused)['error']).toContain(told);
    }
    for (const subject of ['constructor.prototype', '__proto__']) {
      expect((await register(target, subject, totals)).status).toBe(201);
      const refused = await append(target, { event_type: subject, payload: {} });
      expect(codeOf(refused)).toEqual([400, 'payload_schema_violation']);
    }
    const polluting = '{"subject":"a","schema":true,"__proto__":{"polluted":1}}';
    await call(target, { path, headers: json, body: polluting });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    // Catastrophic for an engine that goes back; here it takes linear time.
    const slow = { type: 'string', pattern: '^(a+)+$' };
    expect((await register(target, 'slow', slow)).status).toBe(201);
    const payload = `${'a'.repeat(50_000)}!`;
    const judged = await send(target, 'POST', '/validate', { subject: 'slow', payload });
    expect(bodyOf(judged)['valid']).toBe(false);
    const levels = `{"subject":"slow","payload":${deep}}`;
    const tooDeep = await call(target, { path: `${path}/validate`, headers: json, body: levels });
    expect(codeOf(tooDeep), tooDeep.text.slice(0, 300)).toEqual([400, 'validation_error']);
    expect((await call(target, { path: '/health' })).status).toBe(200);
  });
});
