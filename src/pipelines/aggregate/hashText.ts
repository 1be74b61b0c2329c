/**
 * 64 bits of a text in two halves: MurmurHash3_x86_32 of A. Appleby (public domain) over its UTF-16
 * code units, with two seeds. It is part of what is kept: another hash would count values anew.
 */
export function hashText(text: string): readonly [number, number] {
  return [murmur3(text, 0x9747b28c), murmur3(text, 0x3c6ef372)];
}

function murmur3(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at + 1 < text.length; at += 2) {
    hash ^= mixed(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (text.length % 2 === 1) hash ^= mixed(text.charCodeAt(text.length - 1));
  hash ^= text.length * 2;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mixed(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
