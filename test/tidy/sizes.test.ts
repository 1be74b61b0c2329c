import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cppFiles, filesBelow, root } from './sources.js';

const fileLinesMax = 600;
const functionLinesMax = 70;
const folderFilesMax = 12;

const linesOf = (file: string): string[] => readFileSync(join(root, file), 'utf8').split('\n');

/** Functions of formatted C++: they end with a lone brace in the column in which they begin. */
function longFunctions(file: string): string[] {
  const lines = linesOf(file);
  const found: string[] = [];
  for (const indent of ['', '  ']) {
    let begin = -1;
    lines.forEach((line, number) => {
      const opens = new RegExp(`^${indent}\\S.*\\)[^;]*\\{$`).test(line);
      if (opens && !/\b(namespace|struct|class|enum)\b/.test(line)) begin = number;
      if (line !== `${indent}}` || begin < 0) return;
      const length = number - begin + 1;
      if (length > functionLinesMax) found.push(`${file}:${begin + 1} has ${length} lines`);
      begin = -1;
    });
  }
  return found;
}

describe('sizes', () => {
  it('keep every file below its limit', () => {
    const files = [
      ...filesBelow('src', ['.ts']),
      ...filesBelow('test', ['.ts', '.mjs']),
      ...cppFiles(),
    ];
    const long = files.filter((file) => linesOf(file).length > fileLinesMax);
    expect(long).toEqual([]);
  });

  it('keep every C++ function below its limit', () => {
    expect(cppFiles().flatMap(longFunctions)).toEqual([]);
  });

  it('keep every folder of sources surveyable', () => {
    const folders = new Set(
      filesBelow('src', ['.ts']).map((file) => file.split('/').slice(0, -1).join('/')),
    );
    const crowded = [...folders].filter(
      (folder) =>
        readdirSync(join(root, folder)).filter((name) => name.endsWith('.ts')).length >
        folderFilesMax,
    );
    expect(crowded).toEqual([]);
  });
});
