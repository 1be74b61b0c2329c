/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, the rest by chance. */
export function makeEventId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const time = Date.now();
  for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(time / 2 ** (8 * (5 - i))) % 256;
  return uuidText(bytes, 7);
}

/** The UUIDv8 of a text: the same text has the same one. Of SHA-256. */
export async function eventIdOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return uuidText(new Uint8Array(hash).subarray(0, 16), 8);
}

function uuidText(bytes: Uint8Array, version: number): string {
  const marked = Uint8Array.from(bytes, (byte, i) => {
    if (i === 6) return (byte & 0x0f) | (version << 4);
    return i === 8 ? (byte & 0x3f) | 0x80 : byte;
  });
  const hex = Array.from(marked, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join('-');
}
