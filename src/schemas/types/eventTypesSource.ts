import { AllSourceError, isEventType, shown } from '../../domain/index.js';
import type { JsonSchema } from '../jsonSchema.js';
import { commentLayout, commentOf } from './comment.js';
import { hardLine, indent, join, layOut } from './layout.js';
import type { Layout } from './layout.js';
import { distinctNames, typeName } from './names.js';
import { SchemaDocument, wordsOf } from './schemaDocument.js';
import { SchemaShapes } from './schemaShapes.js';
import { aliasLayout, quoted } from './shapeLayout.js';

/** A subject with the version of its schema that types are made of. */
export interface SubjectSchema {
  /** An event type, or a prefix as `order.*`. */
  readonly subject: string;
  readonly version: number;
  readonly schema: JsonSchema;
}

interface Subject extends SubjectSchema {
  readonly name: string;
}

const header = `/**
 * Types of events, made by \`allsource schema types\` from the schemas of their payloads.
 * Do not edit: the next run writes this file anew.
 */`;
const ownNames = ['Event', 'EventPayloads', 'NamedEvent'];
const importedNames = ['JsonObject', 'JsonValue'];

/**
 * TypeScript declarations of the payloads of subjects, and of the union of their events. The order of the
 * subjects and of members in their schemas does not matter. A type takes all that its schema takes, and
 * may take more. Throws `validation_error` where a subject is there twice, or is none.
 */
export function eventTypesSource(subjects: readonly SubjectSchema[]): string {
  const named = withNames(subjects);
  const text = [...named.flatMap(subjectLayouts), ...unionLayouts(named)]
    .map((layout) => layOut(layout))
    .join('\n\n');
  const imported = importedNames.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  const list = imported.join(', ');
  const imports = list === '' ? '' : `import type { ${list} } from 'allsource-core';\n\n`;
  return `${header}\n\n${imports}${text}\n`;
}

function withNames(subjects: readonly SubjectSchema[]): Subject[] {
  const wanted = new Map<string, string>();
  for (const { subject } of subjects) {
    if (!isEventType(subject.replace(/\.\*$/, ''))) {
      throw invalid(`expected an event type, or a prefix as order.*, not ${shown(subject)}`);
    }
    if (wanted.has(subject)) throw invalid(`expected each once, not ${shown(subject)} twice`);
    wanted.set(subject, nameOfSubject(subject));
  }
  const names = distinctNames(wanted, [...ownNames, ...importedNames]);
  return subjects
    .map((subject) => ({ ...subject, name: names.get(subject.subject) ?? '' }))
    .sort((a, b) => (a.subject < b.subject ? -1 : 1));
}

function invalid(reason: string): AllSourceError {
  const details = [{ field: 'subject', reason }];
  return new AllSourceError('validation_error', `subject: ${reason}`, { details });
}

/** `order.placed` is OrderPlaced, and `order.*` is AnyOrder. */
function nameOfSubject(subject: string): string {
  return isPrefix(subject) ? `Any${typeName(subject, 'Event')}` : typeName(subject, 'Event');
}

function isPrefix(subject: string): boolean {
  return subject.endsWith('.*');
}

/** The type of the payload, and a namespace of its definitions. */
function subjectLayouts({ subject, version, schema, name }: Subject): Layout[] {
  const document = new SchemaDocument(schema);
  const shapes = new SchemaShapes(document);
  const targets = document.namedTargets();
  const wanted = new Map(
    [...targets].map(([pointer, target]) => [pointer, typeName(wordsOf(target), 'Definition')]),
  );
  const names = distinctNames(wanted, [name, ...importedNames]);
  const nameOf = (pointer: string): string =>
    pointer === '' ? name : `${name}.${names.get(pointer) ?? ''}`;
  const about = commentOf(schema);
  const first = `Payload of \`${subject}\`: version ${version} of its schema.`;
  const root = { pointer: '', schema };
  const payload: Layout = [
    commentLayout(about.length === 0 ? [first] : [first, '', ...about]),
    aliasLayout(`export type ${name}`, shapes.namedShape(root), { nameOf }),
  ];
  if (names.size === 0) return [payload];
  const definitions = [...targets.values()]
    .sort((a, b) => (nameOf(a.pointer) < nameOf(b.pointer) ? -1 : 1))
    .map((target): Layout => {
      const head = `export type ${names.get(target.pointer) ?? ''}`;
      const shape = shapes.namedShape(target);
      return [commentLayout(commentOf(target.schema)), aliasLayout(head, shape, { nameOf })];
    });
  const body = join([hardLine, hardLine], definitions);
  const head = `export declare namespace ${name} {`;
  return [payload, [head, indent([hardLine, body]), hardLine, '}']];
}

function unionLayouts(subjects: readonly Subject[]): Layout[] {
  const exact = subjects.filter(({ subject }) => !isPrefix(subject));
  const prefixes = subjects.filter(({ subject }) => isPrefix(subject));
  const union = (name: string): Layout => [
    `export type ${name} = {`,
    indent([
      hardLine,
      '[T in keyof EventPayloads]: ',
      '{ readonly eventType: T; readonly payload: EventPayloads[T] };',
    ]),
    hardLine,
    '}[keyof EventPayloads];',
  ];
  const payloads: Layout = [
    commentLayout(['Payloads by event type.']),
    'export interface EventPayloads {',
    exact.length === 0
      ? ''
      : [indent([hardLine, join(hardLine, exact.map(payloadLayout))]), hardLine],
    '}',
  ];
  const all = 'All events: what stores, reducers and projections of these take as a parameter.';
  if (prefixes.length === 0) return [payloads, [commentLayout([all]), union('Event')]];
  const members = prefixes.map(prefixLayout);
  return [
    payloads,
    [commentLayout(['Events of the types that are named one by one.']), union('NamedEvent')],
    [
      commentLayout([all]),
      'export type Event =',
      indent([hardLine, '| NamedEvent', members.map((member) => [hardLine, '| ', indent(member)])]),
      ';',
    ],
  ];
}

function payloadLayout({ subject, name }: Subject): Layout {
  return `readonly ${/^[a-z_]\w*$/.test(subject) ? subject : quoted(subject)}: ${name};`;
}

function prefixLayout({ subject, name }: Subject): Layout {
  const type = `readonly eventType: \`${subject.slice(0, -1)}\${string}\`;`;
  return ['{', indent([hardLine, type, hardLine, `readonly payload: ${name};`]), hardLine, '}'];
}
