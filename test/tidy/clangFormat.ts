// Checks (--check) or mends (--write) the layout of the C++ sources.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cppFiles } from './sources.js';

const require = createRequire(import.meta.url);
const clangFormat = join(dirname(require.resolve('clang-format/package.json')), 'index.js');
const mode = process.argv[2] === '--write' ? ['-i'] : ['--dry-run', '--Werror'];
const run = spawnSync(process.execPath, [clangFormat, ...mode, ...cppFiles()], {
  stdio: 'inherit',
});
process.exit(run.status ?? 1);
