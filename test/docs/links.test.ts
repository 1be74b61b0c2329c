// Every relative link of every page leads to a file that is there, and to a heading that it has.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../tidy/sources.js';
import { allPages, readPage } from './pages.js';

interface Link {
  readonly page: string;
  readonly target: string;
}

function linksOf(page: string): Link[] {
  // Code is no place for links.
  const text = readPage(page).replaceAll(/^```[\s\S]*?^```$|`[^`\n]*`/gm, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map(
    ([, target]) => target ?? '',
  );
  return targets.filter((target) => !/^\w+:/.test(target)).map((target) => ({ page, target }));
}

/** Anchors of the headings of a page, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const text = readPage(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function faultOf({ page, target }: Link): string | undefined {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, file))) return `${page}: ${target}: there is no such file`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  return anchorsOf(file).includes(anchor)
    ? undefined
    : `${page}: ${target}: there is no such heading`;
}

it('leads every relative link somewhere', () => {
  const links = allPages().flatMap(linksOf);
  expect(links.length).toBeGreaterThan(20);
  expect(links.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
});
