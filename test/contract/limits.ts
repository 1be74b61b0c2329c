import { describe, expect, it } from 'vitest';
import { codeOf, collect, errorOf, line, newEvent, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const nestedObjects = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

const entityIds: [string, string, boolean][] = [
  ['1 byte', 'a', true],
  ['256 bytes', 'a'.repeat(256), true],
  ['256 bytes of 2-byte characters', 'é'.repeat(128), true],
  ['inner white space', 'a b\u00a0c', true],
  ['any script', '订单/№ 7', true],
  ['no byte', '', false],
  ['257 bytes', 'a'.repeat(257), false],
  ['257 bytes, 129 characters', `${'é'.repeat(128)}a`, false],
  ['leading white space', ' a', false],
  ['trailing white space', 'a\u00a0', false],
  ['a line break', 'a\nb', false],
  ['NUL', 'a\0b', false],
  ['DEL', 'a\u007fb', false],
  ['a C1 control', 'a\u0085b', false],
  ['half of a surrogate pair', 'a\ud800', false],
];

const eventTypes: [string, string, boolean][] = [
  ['1 byte', 'a', true],
  ['128 bytes', 'a'.repeat(128), true],
  ['all kinds of characters', 'a-b_c.d9', true],
  ['no byte', '', false],
  ['129 bytes', 'a'.repeat(129), false],
  ['upper case', 'Order', false],
  ['a leading dot', '.a', false],
  ['a trailing dot', 'a.', false],
  ['two dots', 'a..b', false],
  ['white space', 'a b', false],
  ['another script', 'é', false],
];

const tenantIds: [string, string, boolean][] = [
  ['64 bytes', 'T-_9'.repeat(16), true],
  ['no byte', '', false],
  ['65 bytes', 'a'.repeat(65), false],
  ['the system’s sign', '$system', false],
  ['a dot', 'a.b', false],
];

export function describeLimits(mode: StoreMode): void {
  describe('limits', () => {
    const expected = (isTaken: boolean): string => (isTaken ? 'ok' : 'validation_error');
    const outcome = async (event: Parameters<typeof newEvent>): Promise<string[]> => {
      const store = await mode.open();
      const made = newEvent(...event);
      const attempt = (call: () => Promise<unknown>): Promise<string> =>
        call().then(
          () => 'ok',
          () => codeOf(call),
        );
      return [
        await attempt(() => store.append(made)),
        await attempt(() => store.appendBatch([made])),
      ];
    };

    it.each(entityIds)('of entity ids: %s', async (_, entityId, isTaken) => {
      expect(await outcome([entityId])).toEqual([expected(isTaken), expected(isTaken)]);
    });

    it.each(eventTypes)('of event types: %s', async (_, eventType, isTaken) => {
      expect(await outcome(['a', 1, { eventType }])).toEqual([
        expected(isTaken),
        expected(isTaken),
      ]);
    });

    it.each(tenantIds)('of tenant ids: %s', async (_, tenantId, isTaken) => {
      expect(await outcome(['a', 1, { tenantId }])).toEqual([expected(isTaken), expected(isTaken)]);
    });

    it.each(['not-a-uuid', '', uuidWithout('-'), 5, {}])('of event ids: %j', async (eventId) => {
      const store = await mode.open();
      const event = newEvent('a', 1, { eventId: wrong(eventId) });
      expect(await codeOf(() => store.append(event))).toBe('validation_error');
    });

    it.each([nested, nestedObjects])('let JSON be 128 levels deep, not 129', async (make) => {
      const store = await mode.open();
      await store.appendBatch(Buffer.from(line('a', make(128))));
      const metadata = `${line('a').slice(0, -1)},"metadata":${nestedObjects(129)}}`;
      for (const text of [line('a', make(129)), line('a', make(100_000)), metadata]) {
        const code = await codeOf(() => store.appendBatch(Buffer.from(text)));
        expect(['invalid_json', 'validation_error']).toContain(code);
      }
      expect(store.watermark).toBe(1);
      await store.state('a');
    });

    it('let an event be 2 MiB, not one byte more', async () => {
      const store = await mode.open();
      const largest = 2 * 1024 * 1024;
      await store.append(newEvent('a', 'x'.repeat(largest - 2)));
      await store.append(newEvent('a', 'x'.repeat(largest - 11), { metadata: { m: 1 } }));
      for (const event of [
        newEvent('a', 'x'.repeat(largest - 1)),
        newEvent('a', 'x'.repeat(largest - 8), { metadata: { m: 1 } }),
      ]) {
        const error = await errorOf(() => store.append(event));
        expect(error).toMatchObject({ code: 'payload_too_large', status: 413 });
        expect(await codeOf(() => store.appendBatch([event]))).toBe('payload_too_large');
      }
      expect(store.watermark).toBe(2);
      const [first] = await collect(store.read({ limit: 1 }));
      expect(String(first?.payload)).toHaveLength(largest - 2);
    });

    it('let a batch be 64 MiB, not one byte more', async () => {
      const store = await mode.open();
      const bytesMax = 64 * 1024 * 1024;
      const one = `${line('a', `"${'x'.repeat(1_000_000)}"`)}\n`;
      const count = Math.floor(bytesMax / one.length);
      const text = Buffer.alloc(bytesMax + 1, ' ');
      text.write(one.repeat(count));
      const { ingested } = await store.appendBatch(text.subarray(0, bytesMax), {
        return: 'summary',
      });
      expect(ingested).toBe(count);
      expect(await codeOf(() => store.appendBatch(text))).toBe('payload_too_large');
      const stream = async function* (): AsyncGenerator<Uint8Array> {
        yield text.subarray(0, bytesMax);
        yield text.subarray(bytesMax);
      };
      expect(await codeOf(() => store.appendBatch(stream()))).toBe('payload_too_large');
      expect(await codeOf(() => store.append(newEvent('a', 'x'.repeat(bytesMax))))).toBe(
        'payload_too_large',
      );
      expect(store.watermark).toBe(count);
    });
  });
}

function uuidWithout(sign: string): string {
  return '00000000-0000-4000-8000-000000000001'.replaceAll(sign, '');
}
