import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesBelow, root } from './sources.js';

const exportPattern = /^export (?:async )?(?:function\*?|const|class) ([A-Za-z_$][\w$]*)/gm;

/** A folder's table of contents names things; that is no use of them. */
const folderIndex = /^src\/(\w+\/)?index\.ts$/;

it('exports no value that no other file uses', () => {
  const texts = new Map(
    filesBelow('src', ['.ts']).map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );
  const users = [...texts].concat(
    filesBelow('test', ['.ts']).map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );
  const dead: string[] = [];
  for (const [file, text] of texts) {
    if (folderIndex.test(file)) continue;
    for (const [, name = ''] of text.matchAll(exportPattern)) {
      const word = new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`);
      const isUsed = users.some(
        ([user, userText]) => user !== file && !folderIndex.test(user) && word.test(userText),
      );
      const isPublic = ['src/index.ts', 'src/server/index.ts', 'src/testing/index.ts'].some(
        (index) => word.test(texts.get(index) ?? ''),
      );
      if (!isUsed && !isPublic) dead.push(`${file}: ${name}`);
    }
  }
  expect(dead).toEqual([]);
});
