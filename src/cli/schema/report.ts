import { formatTimestamp } from '../../domain/index.js';
import { schemaDocument, subjectDocument } from '../../schemaRegistry/index.js';
import type { SchemaInfo, SubjectInfo } from '../../schemaRegistry/index.js';
import type { Finding } from '../../schemas/index.js';
import {
  formatCount,
  formatTime,
  printJson,
  printList,
  printPairs,
  showSafely,
  writeOut,
} from '../output.js';

const valueCharactersMax = 200;

export function printSubjects(subjects: readonly SubjectInfo[], json: boolean): Promise<void> {
  return printList(subjects, {
    json,
    document: subjectDocument,
    none: 'no schemas; `allsource schema register` adds one',
    columns: [
      { title: 'subject', cell: ({ subject }) => subject },
      { title: 'version', align: 'right', cell: ({ latestVersion }) => String(latestVersion) },
      { title: 'compatibility', cell: ({ compatibility }) => compatibility },
      { title: 'enforcement', cell: ({ enforcement }) => enforcement },
      {
        title: 'refused',
        align: 'right',
        cell: ({ violations }) => formatCount(violations.refused),
      },
      { title: 'warned', align: 'right', cell: ({ violations }) => formatCount(violations.warned) },
    ],
  });
}

export async function printSchema(info: SchemaInfo, json: boolean): Promise<void> {
  if (json) {
    await printJson(schemaDocument(info));
    return;
  }
  await printPairs([
    ['subject', info.subject],
    ['version', String(info.version)],
    ['id', info.id],
    ['tenant', info.tenantId],
    ['registered', formatTime(formatTimestamp(info.createdAt))],
    ['compatibility', info.compatibility],
    ['enforcement', info.enforcement],
    ...(info.description === null ? [] : [['description', info.description] as const]),
    ...(info.tags.length === 0 ? [] : [['tags', info.tags.join(', ')] as const]),
  ]);
  await writeOut(`\nschema\n${JSON.stringify(info.schema, null, 2)}\n`);
}

/** Each with its place, what was there, what is there, and what to do about it. */
export async function printFindings(findings: readonly Finding[]): Promise<void> {
  for (const { pointer, kind, was, is, advice } of findings) {
    const lines = [
      `  ${kind} at ${pointer === '' ? 'the root' : pointer}`,
      `    was     ${shownValue(was)}`,
      `    is      ${shownValue(is)}`,
      `    advice  ${advice}`,
    ];
    await writeOut(lines.map((line) => `${showSafely(line)}\n`).join(''));
  }
}

function shownValue(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length <= valueCharactersMax ? text : `${text.slice(0, valueCharactersMax - 1)}…`;
}
