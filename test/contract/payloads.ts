import { describe, expect, it } from 'vitest';
import { codeOf, collect, line, textOf } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

/** JSON texts that a parser would change on the way. */
const texts: [string, string][] = [
  ['a float that is whole', '1.0'],
  ['a number beyond 64-bit floats', '1e400'],
  ['an integer beyond 64 bits', '12345678901234567890123'],
  ['digits beyond a double', '0.1000000000000000055511151231257827'],
  ['negative zero', '-0'],
  ['exponents', '[1E5,1e+05,1.50e-07]'],
  ['key order', '{"b":1,"a":2,"1":3,"0":4}'],
  ['keys given twice', '{"a":1,"a":2}'],
  ['white space', '{ "a" :\t[ 1 , 2 ] ,  "b" : { } }'],
  ['escaped NUL', '"\\u0000"'],
  ['half of a surrogate pair', '{"\\ud800":"\\udfff x \\uD83D"}'],
  ['escapes of plain characters', '"\\u0041\\/\\b\\f\\n\\r\\t\\"\\\\"'],
  ['text of many scripts', '"é ☃ 中文 😀 \u2028\u2029 \u007f"'],
  ['an empty key', '{"":null}'],
  ['empty containers', '[{},[],"",[[]]]'],
  ['text that looks like structure', '"{[,:]}\\\\\\""'],
  ['true', 'true'],
  ['false', 'false'],
  ['null', 'null'],
];

const broken = [
  ['truu', 'truu'],
  ['a leading zero', '01'],
  ['a trailing comma', '[1,]'],
  ['a missing member', '[1,,2]'],
  ['a missing digit', '1.'],
  ['a plus sign', '+1'],
  ['single quotes', "{'a':1}"],
  ['a bare key', '{a:1}'],
  ['an unknown escape', '"\\x41"'],
  ['a short unicode escape', '"\\u12"'],
  ['a raw control character', '"\u0001"'],
  ['NaN', 'NaN'],
  ['an open string', '"abc'],
  ['an open array', '[1'],
  ['a wrong bracket', '[1}'],
  ['no value', ''],
  ['two values', '1 2'],
] as const;

export function describePayloads(mode: StoreMode): void {
  describe('payloads', () => {
    it.each(texts)('come back byte for byte: %s', async (_, text) => {
      const store = await mode.open();
      const metadata = `{"m" : ${text}}`;
      const sent = `{"metadata":${metadata} ,"payload" : ${text} ,"entity_id":"a","event_type":"t"}`;
      await store.appendBatch(Buffer.from(sent));
      await store.appendBatch(Buffer.from(`[${sent}]`));
      const page = textOf((await store.readBytes()).bytes);
      expect(page.split(`"payload":${text},"metadata":${metadata},"timestamp"`)).toHaveLength(3);
      const lines = Buffer.concat(await collect(store.readNdjson())).toString();
      expect(lines.split(`"payload":${text},"metadata":${metadata},`)).toHaveLength(3);
      const [event] = await collect(store.read());
      expect(event?.payload).toEqual(JSON.parse(text));
    });

    it.each(broken)('are refused where they are not JSON: %s', async (_, text) => {
      const store = await mode.open();
      const sent = Buffer.from(`${line('a')}\n${line('b', text)}\n${line('c')}`);
      expect(await codeOf(() => store.appendBatch(sent))).toBe('invalid_json');
      const array = Buffer.from(`[${line('b', text)}]`);
      expect(await codeOf(() => store.appendBatch(array))).toBe('invalid_json');
      expect(store.watermark).toBe(0);
    });

    it.each([
      ['a lone continuation byte', [0x80]],
      ['an overlong form', [0xc0, 0xaf]],
      ['a surrogate', [0xed, 0xa0, 0x80]],
      ['a cut sequence', [0xe2, 0x98]],
      ['a code point beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
      ['0xff', [0xff]],
    ])('are refused where they are not UTF-8: %s', async (_, bytes) => {
      const store = await mode.open();
      const [head, tail] = line('a', '"#"').split('#');
      const sent = Buffer.concat([
        Buffer.from(head ?? ''),
        Buffer.from(bytes),
        Buffer.from(tail ?? ''),
      ]);
      expect(await codeOf(() => store.appendBatch(sent))).toBe('invalid_json');
    });

    it('are read as whole documents and as whole lines', async () => {
      const store = await mode.open();
      const lines = Array.from({ length: 5000 }, (_, i) => line(`e${i}`, `{"i":${i}.0}`));
      await store.appendBatch(Buffer.from(lines.join('\n')));
      const page = await store.readBytes({ limit: 3000 });
      const document: unknown = JSON.parse(textOf(page.bytes));
      expect(document).toMatchObject({ count: 3000, next_cursor: page.nextCursor });
      expect(page.nextCursor).not.toBeNull();
      const chunks = await collect(store.readNdjson());
      expect(chunks.length).toBeGreaterThan(1);
      if (mode.isRemote !== true) {
        expect(chunks.every((chunk) => chunk.at(-1) === 0x0a)).toBe(true);
      }
      const read = Buffer.concat(chunks).toString().trimEnd().split('\n');
      expect(read).toHaveLength(5000);
      expect(read.every((text, i) => text.includes(`"payload":{"i":${i}.0}`))).toBe(true);
    });

    it('keep line breaks, but for NDJSON, where they become blanks', async () => {
      const store = await mode.open();
      const text = '{"a":\n[1,\r\n2]}';
      await store.appendBatch(Buffer.from(`[${line('a', text)}]`));
      expect(textOf((await store.readBytes()).bytes)).toContain(`"payload":${text},`);
      const lines = Buffer.concat(await collect(store.readNdjson())).toString();
      expect(lines.trimEnd()).toContain(`"payload":${text.replace(/[\r\n]/g, ' ')},`);
      expect(lines.trimEnd()).not.toContain('\n');
    });

    it('have the wire names in bytes', async () => {
      const store = await mode.open();
      await store.appendBatch(Buffer.from(line('a "b"', '{}')));
      const { bytes } = await store.readBytes();
      const document = JSON.parse(textOf(bytes)) as { events: Record<string, unknown>[] };
      expect(document.events[0]).toEqual({
        id: expect.any(String),
        event_type: 'thing.done',
        entity_id: 'a "b"',
        tenant_id: 'default',
        tags: [],
        payload: {},
        metadata: null,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        version: 1,
        position: 1,
        partition: expect.any(Number),
      });
    });

    it('of every size between nothing and many chunks are kept', async () => {
      const store = await mode.open();
      const sizes = [0, 1, 7, 8, 63, 64, 65, 4095, 4096, 65_535, 262_143, 262_144, 700_000];
      for (const size of sizes) {
        await store.appendBatch(Buffer.from(line('a', `"${'é'.repeat(size / 2)}"`)));
      }
      const events = await collect(store.read());
      const lengths = events.map(({ payload }) => String(payload).length);
      expect(lengths).toEqual(sizes.map((size) => Math.floor(size / 2)));
      const pages = await store.readBytes();
      expect((JSON.parse(textOf(pages.bytes)) as { count: number }).count).toBe(sizes.length);
    });
  });
}
