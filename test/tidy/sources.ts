import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join, relative } from 'node:path';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const generated = new Set(['build', 'node_modules', 'dist', '.git']);

/** Paths below a folder of the repository, relative to its root; what is built is left out. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return generated.has(entry.name) ? [] : filesBelow(path, endings);
    return endings.some((ending) => entry.name.endsWith(ending)) ? [relative('.', path)] : [];
  });
}

export const cppFiles = (): string[] =>
  [...filesBelow('native', ['.cc', '.h']), ...filesBelow('bench', ['.cc', '.h'])].sort();
