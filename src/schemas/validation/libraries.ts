import { createRequire } from 'node:module';

// What checks payloads takes as long to load as all the rest of the package: it is loaded with the first
// schema, so that a store without any does without. Not by `import()`, since an append does not wait for it.
const require = createRequire(import.meta.url);

// Each is of its own types.
export const loadAjv = () => require('ajv') as typeof import('ajv');
export const loadAjv2020 = () => require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
export const loadFormats = () =>
  require('ajv-formats/dist/formats.js') as typeof import('ajv-formats/dist/formats.js');
export const loadRe2 = () => require('re2js') as typeof import('re2js');
