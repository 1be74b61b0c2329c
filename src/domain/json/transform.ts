import type { JsonValue } from '../event.js';
import { Failure, kindOf } from './failure.js';

const roundDigitsMax = 15;

/** What a mapping makes of a text or a number. */
type Transform =
  | { readonly type: 'uppercase' | 'lowercase' | 'trim' }
  | { readonly type: 'multiply' | 'add' | 'subtract' | 'divide'; readonly by: number }
  | { readonly type: 'round'; readonly digits: number };

type Transformed = (field: JsonValue | undefined) => JsonValue | Failure;

const transforms =
  'uppercase, lowercase, trim, multiply:<n>, add:<n>, subtract:<n>, divide:<n>, round, round:<digits>';
const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The transform that a text names, or what is wrong with the text. */
export function parseTransform(text: string): Transform | { readonly problem: string } {
  const [type = '', ...rest] = text.split(':');
  const argument = rest.length === 0 ? undefined : rest.join(':');
  switch (type) {
    case 'uppercase':
    case 'lowercase':
    case 'trim':
      return argument === undefined ? { type } : { problem: `expected ${type} alone` };
    case 'multiply':
    case 'add':
    case 'subtract':
    case 'divide':
      return withNumber(type, argument ?? '');
    case 'round': {
      const digits = Number(argument ?? '0');
      const isRight = /^\d{1,2}$/.test(argument ?? '0') && digits <= roundDigitsMax;
      return isRight
        ? { type, digits }
        : { problem: `expected round:<digits> from 0 to ${roundDigitsMax}` };
    }
    default:
      return { problem: `expected one of ${transforms}` };
  }
}

/** What the transform of a text does; the text was checked. */
export function makeTransform(text: string): Transformed {
  const transform = parseTransform(text);
  if ('problem' in transform) return () => new Failure(transform.problem);
  switch (transform.type) {
    case 'uppercase':
      return ofText((text) => text.toUpperCase());
    case 'lowercase':
      return ofText((text) => text.toLowerCase());
    case 'trim':
      return ofText((text) => text.trim());
    case 'multiply':
      return ofNumber((number) => number * transform.by);
    case 'add':
      return ofNumber((number) => number + transform.by);
    case 'subtract':
      return ofNumber((number) => number - transform.by);
    case 'divide':
      return ofNumber((number) => number / transform.by);
    case 'round':
      return ofNumber((number) => rounded(number, transform.digits));
  }
}

function ofText(change: (text: string) => string): Transformed {
  return (field) =>
    typeof field === 'string' ? change(field) : new Failure(`expected text, got ${kindOf(field)}`);
}

function ofNumber(change: (number: number) => number): Transformed {
  return (field) => {
    if (typeof field !== 'number') return new Failure(`expected a number, got ${kindOf(field)}`);
    const changed = change(field);
    if (!Number.isFinite(changed)) return new Failure('expected a result in the range of a double');
    // JSON does not keep minus zero.
    return changed + 0;
  };
}

/** Of the number as it is written: 1.005 is 1.01, though its double is a little less. Halves go from 0. */
function rounded(number: number, digits: number): number {
  const [mantissa = '', exponent = '0'] = String(Math.abs(number)).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const dropped = fraction.length - Number(exponent) - digits;
  if (dropped <= 0) return number;
  const written = whole + fraction;
  const isUp = (written.at(-dropped) ?? '0') >= '5';
  // Up to 17 digits, which a double need not hold.
  const units = BigInt(written.slice(0, -dropped)) + (isUp ? 1n : 0n);
  return Math.sign(number) * Number(`${units}e-${digits}`);
}

function withNumber(
  type: 'multiply' | 'add' | 'subtract' | 'divide',
  argument: string,
): Transform | { readonly problem: string } {
  const by = Number(argument);
  if (!jsonNumber.test(argument) || !Number.isFinite(by)) {
    return { problem: `expected ${type}:<n> with a number as in JSON` };
  }
  if (type === 'divide' && by === 0) return { problem: 'expected divide:<n> by other than 0' };
  return { type, by };
}
