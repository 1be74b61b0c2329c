import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const usage = `Usage: npm run soak -- [options]

  --minutes N     how long, 0.1-10080 (default 60)
  --seed N        the same load again (default: from the clock)
  --rate N        events a second at most, on average (default 1000)
  --disk-gib N    bytes of a store after which a new one takes its place (default 8)
  --dir DIR       where the data directory is made (default build/soak-data); never a tmpfs
  --out DIR       where the report is written (default bench/results)
  --no-out        writes no report
`;

/**
 * @typedef {object} SoakOptions
 * @property {number} seconds
 * @property {number} seed
 * @property {number} rate events a second
 * @property {number} diskBytesMax
 * @property {string} dataDir
 * @property {string | null} outDir
 */

/**
 * @param {string[]} args
 * @param {string} repositoryDir
 * @returns {SoakOptions}
 */
export function parseSoakOptions(args, repositoryDir) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      rate: { type: 'string', default: '1000' },
      'disk-gib': { type: 'string', default: '8' },
      dir: { type: 'string', default: join(repositoryDir, 'build', 'soak-data') },
      out: { type: 'string', default: join(repositoryDir, 'bench', 'results') },
      'no-out': { type: 'boolean', default: false },
    },
  });
  const rate = parseNumber('--rate', values.rate, { min: 10, max: 2_000 });
  return {
    seconds: 60 * parseNumber('--minutes', values.minutes, { min: 0.1, max: 10_080 }),
    seed: Math.floor(parseNumber('--seed', values.seed, { min: 0, max: 2 ** 31 })),
    rate: Math.floor(rate),
    diskBytesMax: parseNumber('--disk-gib', values['disk-gib'], { min: 0.1, max: 1024 }) * 2 ** 30,
    dataDir: resolve(values.dir),
    outDir: values['no-out'] ? null : resolve(values.out),
  };
}

/**
 * @param {string} flag
 * @param {string} text
 * @param {{min: number, max: number}} range
 */
function parseNumber(flag, text, { min, max }) {
  const number = Number(text);
  if (text.trim() !== '' && number >= min && number <= max) return number;
  throw new TypeError(`${flag}: expected a number from ${min} to ${max}, got ${text}`);
}
