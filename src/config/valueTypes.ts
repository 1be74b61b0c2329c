/** How one kind of setting is read: from text (flag, environment) and from a TOML value (file). */
export interface ValueType<T> {
  /** What a good value is, as it stands in error messages and in the reference. */
  readonly expected: string;
  /** Undefined where the text is not a good value. */
  readonly fromText: (text: string) => T | undefined;
  /** Undefined where the TOML value is not a good one; `"3900"` is not a number in a file. */
  readonly fromToml: (value: unknown) => T | undefined;
  /** True where the flag may stand alone and then means `true`. */
  readonly isSwitch: boolean;
}

/** Whole numbers from `min` to `max`, both included; `note` explains a value such as 0. */
export function wholeNumber(min: number, max: number, note = ''): ValueType<number> {
  const bounded = (value: number) =>
    Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined;
  return {
    expected: `a whole number from ${min} to ${max}${note}`,
    fromText: (text) => (/^\d{1,16}$/.test(text) ? bounded(Number(text)) : undefined),
    fromToml: (value) => (typeof value === 'number' ? bounded(value) : undefined),
    isSwitch: false,
  };
}

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** Bytes, as a plain number or as text with a unit: `64MiB`, `64 MiB`. */
export function byteCount(min: number, max: number): ValueType<number> {
  const bounded = (value: number) =>
    Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined;
  const fromText = (text: string) => {
    const match = /^(\d{1,16}) ?(KiB|MiB|GiB|)$/.exec(text);
    const factor = byteUnits[match?.[2] ?? 'none'];
    return factor === undefined ? undefined : bounded(Number(match?.[1]) * factor);
  };
  const range = `from ${formatByteCount(min)} to ${formatByteCount(max)}`;
  return {
    expected: `bytes ${range}, as 1048576 or "1 MiB"`,
    fromText,
    fromToml: (value) =>
      typeof value === 'number'
        ? bounded(value)
        : typeof value === 'string'
          ? fromText(value)
          : undefined,
    isSwitch: false,
  };
}

/** The number in the largest unit that divides it: 67108864 is `64 MiB`. */
export function formatByteCount(bytes: number): string {
  const unit = ['GiB', 'MiB', 'KiB'].find((name) => bytes % (byteUnits[name] ?? 1) === 0);
  if (unit === undefined || bytes === 0) return String(bytes);
  return `${bytes / (byteUnits[unit] ?? 1)} ${unit}`;
}

export function flag(): ValueType<boolean> {
  const words: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };
  return {
    expected: 'true or false',
    fromText: (text) => (Object.hasOwn(words, text) ? words[text] : undefined),
    fromToml: (value) => (typeof value === 'boolean' ? value : undefined),
    isSwitch: true,
  };
}

export function oneOf<const T extends string>(values: readonly T[]): ValueType<T> {
  const find = (value: unknown) => values.find((candidate) => candidate === value);
  return {
    expected: `one of ${values.join(', ')}`,
    fromText: find,
    fromToml: find,
    isSwitch: false,
  };
}

/** A path, or nothing. */
export function optionalPath(): ValueType<string> {
  const { fromToml } = plainText('', 4096);
  const fromText = (text: unknown) => (text === '' ? '' : fromToml(text));
  return {
    expected: 'a path of 1-4096 characters, or empty',
    fromText,
    fromToml: fromText,
    isSwitch: false,
  };
}

/** Texts without spaces, with commas between them; an array in a file. */
export function textList(what: string, lengthMax: number): ValueType<readonly string[]> {
  const checked = (texts: readonly unknown[]) =>
    texts.length <= lengthMax &&
    texts.every((text) => typeof text === 'string' && /^\S+$/.test(text))
      ? (texts as readonly string[])
      : undefined;
  return {
    expected: what,
    fromText: (text) => (text === '' ? [] : checked(text.split(',').map((part) => part.trim()))),
    fromToml: (value) => (Array.isArray(value) ? checked(value) : undefined),
    isSwitch: false,
  };
}

/** Text of some characters, or nothing. */
export function optionalText(
  what: string,
  { min, max }: { readonly min: number; readonly max: number },
): ValueType<string> {
  const { fromToml } = plainText('', max);
  const fromText = (text: unknown) => {
    if (text === '') return '';
    return typeof text === 'string' && text.length >= min ? fromToml(text) : undefined;
  };
  return { expected: what, fromText, fromToml: fromText, isSwitch: false };
}

/** Text of 1 to `lengthMax` characters without control characters. */
export function plainText(what: string, lengthMax: number): ValueType<string> {
  const fromText = (text: string) =>
    text.length >= 1 && text.length <= lengthMax && !/\p{Cc}/u.test(text) ? text : undefined;
  return {
    expected: what,
    fromText,
    fromToml: (value) => (typeof value === 'string' ? fromText(value) : undefined),
    isSwitch: false,
  };
}
