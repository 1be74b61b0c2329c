// Every `ts` and `js` block of the README and the guides is a whole program: it compiles under the
// repository's own options, runs, and prints what the `text` block behind it says.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it, vi } from 'vitest';
import { root } from '../tidy/sources.js';
import { type Block, blocksOf, guidePages, nameOf, shownOutput } from './pages.js';
import { makeFolder, makeUserProject, runProgram, toJavaScript } from './userProject.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const project = makeUserProject();
const programs = guidePages.flatMap((page) => {
  const blocks = blocksOf(page);
  return blocks.flatMap((block, at) =>
    ['ts', 'js'].includes(block.language)
      ? [{ block, name: nameOf(block), output: shownOutput(blocks, at, 'text') }]
      : [],
  );
});

function configuredOptions(): ts.CompilerOptions {
  const file = join(root, 'tsconfig.json');
  const read: unknown = ts.readConfigFile(file, (path) => ts.sys.readFile(path)).config;
  const { options } = ts.parseJsonConfigFileContent(read, ts.sys, root);
  return {
    ...options,
    noEmit: true,
    typeRoots: [join(root, 'node_modules/@types')],
    paths: {
      'allsource-core': [join(root, 'src/index.ts')],
      'allsource-core/client': [join(root, 'src/client/index.ts')],
      'allsource-core/server': [join(root, 'src/server/index.ts')],
      'allsource-core/proof': [join(root, 'src/proof/index.ts')],
      'allsource-core/testing': [join(root, 'src/testing/index.ts')],
      '*': [join(root, 'node_modules/*'), join(root, 'node_modules/@types/*')],
    },
  };
}

function compileErrors(blocks: readonly Block[]): string[] {
  const folder = makeFolder(project, 'types');
  const files = new Map(
    blocks.map((block, at) => [join(folder, `block-${at}.ts`), block] as const),
  );
  for (const [file, { text }] of files) writeFileSync(file, text);
  const program = ts.createProgram([...files.keys()], configuredOptions());
  return [...files].flatMap(([file, block]) => {
    const source = program.getSourceFile(file);
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return found.map(({ messageText, start = 0 }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1 + block.line;
      return `${block.page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

describe('code in the pages', () => {
  it('compiles', () => {
    const blocks = programs.map(({ block }) => block).filter(({ language }) => language === 'ts');
    expect(blocks.length).toBeGreaterThan(10);
    expect(compileErrors(blocks)).toEqual([]);
  });

  const running = programs.filter(({ block }) => block.runs);
  it.concurrent.each(running)('runs: $name', async ({ block, name, output }) => {
    const cwd = makeFolder(project, name);
    writeFileSync(join(cwd, 'program.mjs'), toJavaScript(block.text));
    const { code, stdout, stderr } = await runProgram(process.execPath, ['program.mjs'], { cwd });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    if (output !== null) expect(stdout).toBe(output);
  });
});
