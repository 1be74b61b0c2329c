// The page and the program of the README, in a project of a user, looked at with a browser.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { connect } from '../../src/client/node.js';
import { blocksOf } from '../docs/pages.js';
import { makeFolder, makeUserProject } from '../docs/userProject.js';
import { root } from '../tidy/sources.js';
import { openPage } from './chromium.js';

const project = makeUserProject();

/** The block of the README in a language that names a text. */
function blockWith(language: string, text: string): string {
  const block = blocksOf('README.md').find(
    (candidate) => candidate.language === language && candidate.text.includes(text),
  );
  if (block === undefined) throw new Error(`README.md: expected a block of ${language}`);
  return block.text;
}

/** Runs the program until the test ends; gives the URL that it prints. */
async function start(folder: string): Promise<string> {
  const child = spawn(process.execPath, ['site.mjs'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
  });
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, 'exit');
  });
  let told = '';
  child.stderr.on('data', (data: Buffer) => (told += data.toString()));
  const output = once(child.stdout, 'data') as Promise<[Buffer]>;
  const exit = once(child, 'exit').then(() => Promise.reject(new Error(told)));
  const [line] = await Promise.race([output, exit]);
  exit.catch(() => undefined);
  return /http:\S+/.exec(line.toString())?.[0] ?? '';
}

it('shows events of the log, and what is appended while it is open', async () => {
  const folder = makeFolder(project, 'site');
  mkdirSync(join(folder, 'public'));
  symlinkSync(join(root, 'node_modules/express'), join(project, 'node_modules/express'));
  writeFileSync(join(folder, 'site.mjs'), blockWith('js', 'express.static'));
  writeFileSync(join(folder, 'public/index.html'), blockWith('html', '/allsource/client'));
  const url = await start(folder);
  const store = connect(url);
  onTestFinished(() => store.close());
  const placed = (entityId: string, total: number) =>
    store.append({ eventType: 'order.placed', entityId, payload: { total } });
  await placed('order-1', 42);

  const page = await openPage();
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  await page.goto(url);
  const items = page.locator('#orders li');
  await items.nth(0).waitFor();
  await placed('order-2', 7);
  await store.append({ eventType: 'user.created', entityId: 'user-1', payload: {} });
  await placed('<b>order-3</b>', 8);
  await items.nth(2).waitFor();
  expect(await items.allTextContents()).toEqual([
    '1: order-1, 42',
    '2: order-2, 7',
    '4: <b>order-3</b>, 8',
  ]);
  expect(failures).toEqual([]);
});
