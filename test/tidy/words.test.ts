import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesBelow, root } from './sources.js';

const files = ['src', 'native', 'test', 'bench', 'docs', 'examples']
  .flatMap((folder) => filesBelow(folder, ['.ts', '.mjs', '.cc', '.h', '.md', '.gyp', '.gypi']))
  .filter((file) => file !== 'test/tidy/words.test.ts');

it('leaves no mark of unfinished work', () => {
  const marked = files.filter((file) =>
    /\b(TODO|FIXME|XXX|HACK)\b/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(marked).toEqual([]);
});

it('names no path of somebody’s machine', () => {
  const marked = files.filter((file) =>
    /\/(work|home|root|Users)\/\w/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(marked).toEqual([]);
});
