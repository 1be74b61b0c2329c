import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { parseSize } from './figures.mjs';

export const usage = `Usage: npm run bench:scale -- [options]

  --events SIZES  sizes of the stores, rising (default 1m,10m); 100m needs about 75 GiB
  --quick         stores of 100 000 and 1 000 000 events, one short round: for a look
  --rounds N      rounds of every figure, 1-9 (default 3; with --quick 1)
  --quiet SECONDS before each part, wait so long at most until other processes leave the
                  cores alone (default 0)
  --dir DIR       where stores are made (default build/bench-data); never a tmpfs
  --out DIR       where the results are written (default bench/results)
  --no-out        writes no results
  --profile DIR   writes a CPU profile of every bench process there
`;

/**
 * @param {string[]} args
 * @param {string} repositoryDir
 */
export function parseScaleOptions(args, repositoryDir) {
  const { values } = parseArgs({
    args,
    options: {
      events: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      quiet: { type: 'string', default: '0' },
      dir: { type: 'string', default: join(repositoryDir, 'build', 'bench-data') },
      out: { type: 'string', default: join(repositoryDir, 'bench', 'results') },
      'no-out': { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const names = values.events ?? (values.quick ? '100k,1m' : '1m,10m');
  return {
    sizes: names
      .split(',')
      .map(parseSize)
      .sort((a, b) => a - b),
    quick: values.quick,
    rounds: parseWhole('--rounds', values.rounds ?? (values.quick ? '1' : '3'), { min: 1, max: 9 }),
    quietSecondsMax: parseWhole('--quiet', values.quiet, { min: 0, max: 999 }),
    dataDir: resolve(values.dir),
    outDir: values['no-out'] ? null : resolve(values.out),
    profileDir: values.profile === undefined ? null : resolve(values.profile),
  };
}

/**
 * @param {string} flag
 * @param {string} text
 * @param {{min: number, max: number}} range
 */
function parseWhole(flag, text, { min, max }) {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new TypeError(`${flag}: expected a whole number from ${min} to ${max}, got ${text}`);
}
