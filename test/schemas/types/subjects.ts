import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonSchema, SubjectSchema } from '../../../src/schemas/index.js';
import { root } from '../../tidy/sources.js';

export const folder = join(root, 'test/schemas/types');

/** The schemas of the folder; `+` in the name of a file is the `*` of a prefix. */
export function readSubjects(): SubjectSchema[] {
  return readdirSync(join(folder, 'schemas'))
    .sort()
    .map((file, at) => ({
      subject: file.replace(/\.json$/, '').replace('+', '*'),
      version: at + 1,
      // The files are schemas.
      schema: JSON.parse(readFileSync(join(folder, 'schemas', file), 'utf8')) as JsonSchema,
    }));
}
