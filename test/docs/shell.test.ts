// Every `sh` block of the README and the guides runs, page by page and in order, against a server
// whose store begins empty; the `json`, `ndjson` or `text` block behind one is its output.
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openEventStore } from '../../src/index.js';
import { createLogger, listen } from '../../src/server/index.js';
import { readAnswer } from './answers.js';
import { type Block, blocksOf, guidePages, nameOf } from './pages.js';
import { installCommands, makeFolder, makeUserProject, runProgram } from './userProject.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const outputLanguages = ['json', 'ndjson', 'text'];

interface Command {
  readonly block: Block;
  readonly output: Block | undefined;
}

function commandsOf(page: string): Command[] {
  const blocks = blocksOf(page);
  return blocks.flatMap((block, at) => {
    if (block.language !== 'sh' || !block.runs) return [];
    const next = blocks[at + 1];
    const output = next && outputLanguages.includes(next.language) ? next : undefined;
    return [{ block, output }];
  });
}

const project = makeUserProject();
const pages = guidePages
  .map((page) => ({ page, commands: commandsOf(page) }))
  .filter(({ commands }) => commands.length > 0);

describe('commands in the pages', () => {
  it.concurrent.each(pages)('work: $page', async ({ page, commands }) => {
    const cwd = makeFolder(project, page);
    await using store = await openEventStore({ dataDir: join(cwd, 'data') });
    const logger = createLogger({ level: 'silent' });
    await using server = await listen(store, { port: 0, logger });
    const path = installCommands(project, page, server.url);
    for (const { block, output } of commands) {
      const script = block.text.replaceAll('http://127.0.0.1:3900', server.url);
      const args = ['-euo', 'pipefail', '-c', script];
      const { code, stdout, stderr } = await runProgram('bash', args, { cwd, path });
      expect({ code, stderr }, nameOf(block)).toMatchObject({ code: 0 });
      if (output === undefined) continue;
      const expected = readAnswer(output.language, output.text);
      expect(readAnswer(output.language, stdout), nameOf(output)).toEqual(expected);
    }
  });
});
