import { describe, expect, it } from 'vitest';
import { readServerSentEvents } from '../../src/cli/target/serverSentEvents.js';

async function* chunksOf(text: string, bytes: number): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text);
  for (let start = 0; start < all.length; start += bytes) yield all.subarray(start, start + bytes);
}

describe('readServerSentEvents', () => {
  it('reads messages wherever the chunks end', async () => {
    const text =
      'event: subscribed\ndata: {"watermark":2}\n\n: ping\n\n' +
      'id: 3\ndata: {"a":"ä"}\n\nid:4\r\ndata:one\r\ndata: two\r\n\r\nid: 5\ndata: cut';
    for (let bytes = 1; bytes <= text.length; bytes += 1) {
      const messages = [];
      for await (const message of readServerSentEvents(chunksOf(text, bytes))) {
        messages.push(message);
      }
      expect(messages).toEqual([
        { event: 'subscribed', data: '{"watermark":2}', id: '' },
        { event: 'message', data: '{"a":"ä"}', id: '3' },
        { event: 'message', data: 'one\ntwo', id: '4' },
      ]);
    }
  });

  it('refuses a line that never ends', async () => {
    async function* endless() {
      for (;;) yield new Uint8Array(1024 * 1024).fill(97);
    }
    await expect(readServerSentEvents(endless()).next()).rejects.toThrow('more than 8 MiB');
  });
});
