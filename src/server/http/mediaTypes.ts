export const jsonType = 'application/json';
export const ndjsonType = 'application/x-ndjson';
export const arrowType = 'application/vnd.apache.arrow.stream';
export const eventStreamType = 'text/event-stream';

const acceptRangesMax = 32;

/** The media type of a `Content-Type`, or undefined where its charset is not UTF-8. */
export function bodyMediaType(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [type = '', ...parameters] = header.split(';');
  const isUtf8 = parameters.every((text) => {
    const [name = '', value = ''] = text.split('=');
    const isCharset = name.trim().toLowerCase() === 'charset';
    return !isCharset || /^\s*"?utf-?8"?\s*$/i.test(value);
  });
  return isUtf8 ? type.trim().toLowerCase() : undefined;
}

/**
 * The one of `offered` that an `Accept` header likes best (the first of equals), or undefined where
 * it takes none of them.
 */
export function preferredType<T extends string>(
  header: string | undefined,
  offered: readonly T[],
): T | undefined {
  if (header === undefined || header === '*/*') return offered[0];
  const ranges = header.split(',', acceptRangesMax).map(parseRange);
  let best: T | undefined;
  let bestQuality = 0;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > bestQuality) {
      best = type;
      bestQuality = quality;
    }
  }
  return best;
}

interface MediaRange {
  readonly range: string;
  readonly quality: number;
}

function parseRange(text: string): MediaRange {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((part) => part.startsWith('q='));
  return { range, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 };
}

/** The most specific range that matches decides. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  for (const wanted of [type, family, '*/*']) {
    const match = ranges.find((range) => range.range === wanted);
    if (match) return match.quality;
  }
  return 0;
}
