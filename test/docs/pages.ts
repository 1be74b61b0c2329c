// The pages for users, taken apart: code blocks, sections, tables.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tidy/sources.js';

export interface Block {
  /** Path of the page, from the root of the repository. */
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** False where the fence says `no-run`. */
  readonly runs: boolean;
  readonly text: string;
}

export interface Section {
  /** Text of the heading, as it is written. */
  readonly title: string;
  readonly text: string;
}

export const readPage = (page: string): string => readFileSync(join(root, page), 'utf8');

/** Pages whose examples must work: the README and all guides but that of the benches. */
export const guidePages: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs/guides'))
    .filter((name) => name.endsWith('.md') && name !== 'benchmarks.md')
    .map((name) => `docs/guides/${name}`),
];

const fencePattern = /^```(\S*)(.*)\n([\s\S]*?)^```$/gm;

export function blocksOf(page: string): Block[] {
  const text = readPage(page);
  return [...text.matchAll(fencePattern)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[1] ?? '',
    runs: !(match[2] ?? '').includes('no-run'),
    text: match[3] ?? '',
  }));
}

export const nameOf = ({ page, line }: Block): string => `${page}:${line}`;

/** The output that a page shows behind a block: the next block, if it is of `language`. */
export function shownOutput(blocks: readonly Block[], at: number, language: string): string | null {
  const next = blocks[at + 1];
  return next?.language === language ? next.text : null;
}

/** Text below each heading of a level, up to the next heading of the same or a higher one. */
export function sectionsOf(page: string, level: number): Section[] {
  const mark = '#'.repeat(level);
  const parts = readPage(page).split(new RegExp(`^(?=#{1,${level}} )`, 'm'));
  return parts
    .filter((part) => part.startsWith(`${mark} `))
    .map((part) => {
      const end = part.indexOf('\n');
      return { title: part.slice(mark.length + 1, end), text: part.slice(end + 1) };
    });
}

/** Cells of the rows of all tables in a text, without their heads. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n');
  const isRow = (line: string | undefined): boolean => line?.startsWith('|') === true;
  const isRule = (line: string | undefined): boolean => /^\|[\s|:-]+\|$/.test(line ?? '');
  return lines
    .filter((line, at) => isRow(line) && !isRule(line) && !isRule(lines[at + 1]))
    .map(cellsOf);
}

function cellsOf(line: string): string[] {
  // A bar inside of a cell is written as `\|`.
  const cells = line.slice(1, -1).split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** Markdown files of the repository that people read. */
export function allPages(): string[] {
  const top = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [
    ...top,
    ...pagesBelow('docs'),
    ...pagesBelow('native'),
    ...pagesBelow('bench'),
    ...pagesBelow('examples'),
  ];
}

function pagesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'build' ? [] : pagesBelow(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}
