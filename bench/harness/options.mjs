import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const usage = `Usage: npm run bench -- [options]

  --only NAME     only the bench with this name, or all whose names contain it (repeatable, or
                  separated by commas); "limit" is the table of the physical limit
  --quick         one short round, under two minutes: for a look, not for a record
  --rounds N      rounds of every bench, 1-9 (default 3; with --quick 1)
  --compare       also the peers that are installed
  --quiet SECONDS before each bench, wait so long at most until other processes leave the
                  cores alone (default 0)
  --dir DIR       where data directories are made (default build/bench-data); never a tmpfs
  --out DIR       where the results are written (default bench/results)
  --no-out        writes no results
  --profile DIR   writes a CPU profile of every bench process there
  --list          prints the names and leaves
`;

/**
 * @typedef {object} Options
 * @property {string[]} only parts of bench names; empty = all
 * @property {boolean} quick
 * @property {number} rounds
 * @property {boolean} compare
 * @property {number} quietSecondsMax
 * @property {string} dataDir
 * @property {string | null} outDir
 * @property {string | null} profileDir
 * @property {boolean} list
 * @property {string[]} given the arguments as they were typed
 */

/**
 * @param {string[]} args
 * @param {string} repositoryDir
 * @returns {Options}
 */
export function parseOptions(args, repositoryDir) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      compare: { type: 'boolean', default: false },
      quiet: { type: 'string', default: '0' },
      dir: { type: 'string', default: join(repositoryDir, 'build', 'bench-data') },
      out: { type: 'string', default: join(repositoryDir, 'bench', 'results') },
      'no-out': { type: 'boolean', default: false },
      profile: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  return {
    only: values.only.flatMap((names) => names.split(',')).filter((name) => name !== ''),
    quick: values.quick,
    rounds: parseRounds(values.rounds ?? (values.quick ? '1' : '3')),
    compare: values.compare,
    quietSecondsMax: parseSeconds(values.quiet),
    dataDir: resolve(values.dir),
    outDir: values['no-out'] ? null : resolve(values.out),
    profileDir: values.profile === undefined ? null : resolve(values.profile),
    list: values.list,
    given: args,
  };
}

/** @param {string} text */
function parseRounds(text) {
  if (!/^[1-9]$/.test(text)) throw new TypeError(`--rounds: expected 1-9, got ${text}`);
  return Number(text);
}

/** @param {string} text */
function parseSeconds(text) {
  if (!/^[0-9]{1,3}$/.test(text)) throw new TypeError(`--quiet: expected 0-999, got ${text}`);
  return Number(text);
}
