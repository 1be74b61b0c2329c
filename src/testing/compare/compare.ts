/**
 * What may stand in the place of an expected value: the protocol of Jest's and Vitest's own
 * `expect.any` and its like, which therefore work here, and these there.
 */
export interface Matcher {
  asymmetricMatch(actual: unknown): boolean;
  toString(): string;
}

/** A matcher of objects that have at least these members. */
export interface PartMatcher extends Matcher {
  readonly part: unknown;
}

/** Where something is not as expected, as `payload.total`. */
export interface Difference {
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** What was expected, with what came in the place of matchers that it matches. */
  readonly expected: unknown;
}

const shownCharsMax = 200;

/** Compares JSON values; members that are undefined are none. */
export function compare(
  expected: unknown,
  actual: unknown,
  { path = '', isPart = false }: { readonly path?: string; readonly isPart?: boolean } = {},
): Comparison {
  if (isPartMatcher(expected)) {
    const { part } = expected;
    if (isObject(part) && !isObject(actual)) return different(path, String(expected), actual);
    return compare(part, actual, { path, isPart: true });
  }
  if (isMatcher(expected)) {
    if (expected.asymmetricMatch(actual)) return { differences: [], expected: actual };
    return different(path, String(expected), actual);
  }
  if (isArray(expected) && isArray(actual)) return compareArrays(expected, actual, path, isPart);
  if (isObject(expected) && isObject(actual)) return compareObjects(expected, actual, path, isPart);
  // Zeros are the same with either sign, as in JSON.
  if (expected === actual || Object.is(expected, actual)) return { differences: [], expected };
  return { ...different(path, show(expected), actual), expected };
}

function compareArrays(
  expected: readonly unknown[],
  actual: readonly unknown[],
  path: string,
  isPart: boolean,
): Comparison {
  const length = Math.max(expected.length, actual.length);
  const items = Array.from({ length }, (_, i) =>
    compare(expected[i], actual[i], { path: `${path}[${i}]`, isPart }),
  );
  return {
    differences: items.flatMap(({ differences }) => differences),
    expected: items.slice(0, expected.length).map((item) => item.expected),
  };
}

function compareObjects(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
  path: string,
  isPart: boolean,
): Comparison {
  const named = Object.keys(expected).filter((name) => expected[name] !== undefined);
  const others = Object.keys(actual).filter(
    (name) => expected[name] === undefined && actual[name] !== undefined,
  );
  const members = named.concat(isPart ? [] : others).map((name) => {
    const inner = path === '' ? name : `${path}.${name}`;
    return [name, compare(expected[name], actual[name], { path: inner, isPart })] as const;
  });
  const shown = members.filter(([name]) => expected[name] !== undefined);
  const whole = shown.map(([name, member]) => [name, member.expected] as const);
  // What a part leaves open is no difference, so a diff of the two shows none.
  const open = isPart ? others.map((name) => [name, actual[name]] as const) : [];
  return {
    differences: members.flatMap(([, { differences }]) => differences),
    expected: Object.fromEntries([...whole, ...open]),
  };
}

function different(path: string, expected: string, actual: unknown): Comparison {
  return { differences: [{ path, expected, got: show(actual) }], expected };
}

/** A value in a message. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  // Functions and symbols have no JSON, whatever its type says.
  const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text;
}

export function isMatcher(value: unknown): value is Matcher {
  return isObject(value) && typeof value['asymmetricMatch'] === 'function';
}

function isPartMatcher(value: unknown): value is PartMatcher {
  return isMatcher(value) && 'part' in value;
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
