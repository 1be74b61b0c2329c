import { roundDigitsMax } from './limits.js';

/** What a map makes of a text or a number. */
export type Transform =
  | { readonly type: 'uppercase' | 'lowercase' | 'trim' }
  | { readonly type: 'multiply' | 'add' | 'subtract' | 'divide'; readonly by: number }
  | { readonly type: 'round'; readonly digits: number };

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
