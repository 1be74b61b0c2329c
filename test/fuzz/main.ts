// node --import tsx test/fuzz/main.ts --target NAME [--seconds N | --runs N] [--seed N]
import { parseArgs } from 'node:util';
import { targets } from './index.js';
import { fuzz } from './target.js';

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seconds: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const target = targets.find(({ name }) => name === values.target);
if (target === undefined) {
  throw new Error(`--target: expected ${targets.map(({ name }) => name).join(' | ')}`);
}
const seed = wholeNumber('seed', values.seed);
const options = {
  seed,
  seconds: values.seconds === undefined ? undefined : wholeNumber('seconds', values.seconds),
  runs: values.runs === undefined ? undefined : wholeNumber('runs', values.runs),
};
const begin = performance.now();
const inputs = await fuzz(target, options);
const seconds = ((performance.now() - begin) / 1000).toFixed(0);
console.log(`${target.name}: ${inputs} inputs in ${seconds} s, seed ${seed}, no finding`);

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new Error(`--${name}: expected a whole number, got ${JSON.stringify(text)}`);
}
