import type { JsonSchema } from '../../jsonSchema.js';
import { dialectUris, type Dialect } from './keywords.js';
import { prepareSchema } from './prepareSchema.js';
import { readReferences, type References } from './references.js';
import { quote, type Refuse } from './refusal.js';
import { readDocument, type SchemaDocument } from './schemaDocument.js';

/** The draft that a schema says it is of. */
export function dialectOf(schema: JsonSchema, refuse: Refuse): Dialect {
  const uri = typeof schema === 'boolean' ? undefined : schema['$schema'];
  if (uri === undefined) return '2020-12';
  const dialect = typeof uri === 'string' ? dialectUris.get(uri.replace(/#$/, '')) : undefined;
  if (dialect !== undefined) return dialect;
  return refuse(
    '/$schema',
    'expected "http://json-schema.org/draft-07/schema#", ' +
      `"https://json-schema.org/draft/2020-12/schema" or nothing, got ${quote(uri)}; ` +
      'write the schema for one of the two',
  );
}

/** A schema taken apart, and as ajv is to compile it. */
export function readSchema(
  schema: JsonSchema,
  refuse: Refuse,
): {
  readonly document: SchemaDocument;
  readonly references: References;
  readonly prepared: JsonSchema;
} {
  const document = readDocument(schema, dialectOf(schema, refuse), refuse);
  const references = readReferences(document, refuse);
  return { document, references, prepared: prepareSchema(document, references) };
}
