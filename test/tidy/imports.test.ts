import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, root } from './sources.js';

/** What each folder of src/ may import, besides npm packages: the arrows of ARCHITECTURE.md. */
const allowed: Record<string, readonly string[]> = {
  domain: [],
  engine: ['domain'],
  files: ['domain'],
  proof: [],
  outgoing: ['domain'],
  schemas: ['domain'],
  eventStore: ['domain', 'engine', 'proof'],
  config: ['domain'],
  columnar: ['domain', 'eventStore'],
  analytics: ['domain', 'eventStore', 'columnar'],
  tenants: ['domain', 'eventStore'],
  access: ['domain', 'eventStore', 'tenants'],
  consumers: ['domain', 'eventStore'],
  webhooks: ['domain', 'eventStore', 'consumers', 'outgoing'],
  state: ['domain', 'eventStore'],
  deciders: ['domain', 'eventStore'],
  projections: ['domain', 'eventStore'],
  replays: ['domain', 'eventStore', 'projections'],
  pipelines: ['domain'],
  pipelineRuns: ['domain', 'eventStore', 'projections', 'pipelines', 'webhooks', 'outgoing'],
  schemaRegistry: ['domain', 'eventStore', 'schemas'],
  backups: ['domain', 'engine', 'eventStore', 'files', 'parquet'],
  parquet: ['domain', 'eventStore', 'columnar', 'files'],
  retention: ['domain', 'eventStore', 'parquet'],
  sql: ['domain', 'eventStore', 'columnar', 'parquet'],
  store: [
    'domain',
    'eventStore',
    'columnar',
    'analytics',
    'sql',
    'backups',
    'parquet',
    'retention',
    'schemas',
    'schemaRegistry',
    'tenants',
    'access',
    'consumers',
    'webhooks',
    'state',
    'projections',
    'replays',
    'pipelineRuns',
  ],
  client: ['domain', 'proof'],
  testing: [
    'domain',
    'eventStore',
    'deciders',
    'projections',
    'pipelines',
    'pipelineRuns',
    'store',
  ],
  server: [
    'domain',
    'eventStore',
    'columnar',
    'analytics',
    'sql',
    'backups',
    'parquet',
    'retention',
    'schemas',
    'schemaRegistry',
    'consumers',
    'webhooks',
    'state',
    'projections',
    'replays',
    'pipelines',
    'pipelineRuns',
    'tenants',
    'access',
    'store',
  ],
  cli: [
    'domain',
    'files',
    'eventStore',
    'columnar',
    'analytics',
    'sql',
    'backups',
    'parquet',
    'retention',
    'consumers',
    'webhooks',
    'state',
    'projections',
    'replays',
    'pipelines',
    'pipelineRuns',
    'schemas',
    'schemaRegistry',
    'tenants',
    'access',
    'store',
    'config',
    'client',
    'server',
  ],
};

/** What a folder takes the types of, and nothing that is there at run time. */
const typesOnly: Record<string, readonly string[]> = {
  eventStore: ['schemas'],
  client: [
    'eventStore',
    'columnar',
    'analytics',
    'sql',
    'backups',
    'parquet',
    'retention',
    'consumers',
    'webhooks',
    'state',
    'projections',
    'replays',
    'pipelines',
    'pipelineRuns',
    'schemas',
    'schemaRegistry',
    'tenants',
    'access',
    'store',
  ],
};

/** Each native folder may include those before it, and the ones named here of its own rank. */
const nativeAllowed: Record<string, readonly string[]> = {
  base: [],
  env: ['base'],
  wal: ['base', 'env'],
  index: ['base', 'env', 'wal', 'merkle'],
  ingest: ['base', 'wal', 'index'],
  query: ['base', 'wal', 'index', 'ingest'],
  columnar: ['base', 'wal', 'index', 'ingest'],
  merkle: ['base'],
  engine: ['base', 'env', 'wal', 'index', 'ingest', 'query', 'columnar', 'merkle'],
  backup: ['base', 'env', 'wal', 'index', 'merkle', 'engine'],
  addon: [
    'base',
    'env',
    'wal',
    'index',
    'ingest',
    'query',
    'columnar',
    'merkle',
    'engine',
    'backup',
  ],
};

/** npm packages that belong to one folder. */
const packageHomes: Record<string, readonly string[]> = {
  express: ['server'],
  ws: ['server', 'client'],
  pino: ['server'],
  'prom-client': ['server'],
  helmet: ['server'],
  '@sinclair/typebox': ['server'],
  ajv: ['server', 'schemas'],
  'ajv-formats': ['server', 'schemas'],
  re2js: ['schemas'],
  'apache-arrow': ['columnar', 'sql'],
  '@duckdb/node-api': ['sql'],
  'parquet-wasm': ['columnar'],
  jose: ['access'],
  '@node-rs/argon2': ['access'],
  commander: ['cli'],
  'cli-progress': ['cli'],
  'smol-toml': ['config'],
};

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly isType: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const pattern =
    /^(?:import|export)\s[^;]*?from\s+'([^']+)'|^import\s+'([^']+)'|\b(?:import|require)\('([^']+)'\)/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
    isType: /^(?:import|export) type /.test(match[0]),
  }));
}

const sourceImports = filesBelow('src', ['.ts']).flatMap(importsOf);
const folderOf = (path: string): string => path.split('/')[1] ?? '';
const show = ({ file, specifier }: Pick<Import, 'file' | 'specifier'>): string =>
  `${file} imports ${specifier}`;

describe('imports of src', () => {
  it('point one way between the folders', () => {
    const wrong = sourceImports.filter(({ file, specifier, isType }) => {
      if (!specifier.startsWith('.') || file.split('/').length === 2) return false;
      const target = folderOf(normalize(join(dirname(file), specifier)));
      const from = folderOf(file);
      if (isType && typesOnly[from]?.includes(target)) return false;
      return target !== from && !allowed[from]?.includes(target);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('enter another folder by its index only', () => {
    const wrong = sourceImports.filter(({ file, specifier }) => {
      if (!specifier.startsWith('.')) return false;
      const target = normalize(join(dirname(file), specifier));
      return folderOf(target) !== folderOf(file) && !/^src\/\w+\/index\.js$/.test(target);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('take each package in one folder', () => {
    const wrong = sourceImports.filter(({ file, specifier }) => {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) return false;
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      return !packageHomes[name]?.includes(folderOf(file));
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('keep what runs in browsers free of Node', () => {
    const wrong = sourceImports.filter(
      ({ file, specifier }) =>
        ['domain', 'proof', 'client', 'pipelines'].includes(folderOf(file)) &&
        file !== 'src/client/node.ts' &&
        /^(node:|ws$)/.test(specifier),
    );
    expect(wrong.map(show)).toEqual([]);
  });
});

describe('includes of native', () => {
  const includes = filesBelow('native', ['.cc', '.h'])
    .filter((file) => !file.startsWith('native/test/'))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/^#include "([^"]+)"/gm)].map(
        (match) => ({
          file,
          specifier: match[1] ?? '',
        }),
      ),
    );

  it('point one way between the folders', () => {
    const wrong = includes.filter(({ file, specifier }) => {
      const target = specifier.split('/')[0] ?? '';
      const from = folderOf(file);
      return target !== from && !nativeAllowed[from]?.includes(target);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('know Node in addon only', () => {
    const wrong = filesBelow('native', ['.cc', '.h']).filter(
      (file) =>
        !file.startsWith('native/addon/') &&
        /#include <(napi|node_api|node|uv)/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });
});
