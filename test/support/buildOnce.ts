import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** Tests that start processes run what is in `dist`: it must be made from the sources of now. */
export default function buildOnce(): void {
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
}
