// Answers of a server or a command as a page shows them: all that differs from run to run is masked.

const masks: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uuid>'],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}\.\d{6}Z/g, '<time>'],
  [/("next_cursor":\s*)"[\w-]+"/g, '$1"<cursor>"'],
  [/("(?:seconds|events_per_second)":\s*)[\d.]+/g, '$1"<speed>"'],
  [/\bdamaged-\d{16}\b/g, 'damaged-<micros>'],
  [/http:\/\/127\.0\.0\.1:\d+/g, '<url>'],
];

export function masked(text: string): string {
  return masks.reduce((result, [pattern, mask]) => result.replace(pattern, mask), text);
}

/** What a block of a language says, in a form that compares. */
export function readAnswer(language: string, text: string): unknown {
  const plain = masked(text).trim();
  if (language === 'json') return JSON.parse(plain);
  return language === 'ndjson' ? plain.split('\n').map((line) => JSON.parse(line)) : plain;
}
