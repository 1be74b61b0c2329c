import { tooOld, unavailable } from '../failures.js';

/** The first version that makes the trees that are checked here. */
const versionMin = [1, 5] as const;

export type Duck = typeof import('@duckdb/node-api');
export type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBResult,
  DuckDBType,
  DuckDBValue,
} from '@duckdb/node-api';

let loading: Promise<Duck> | undefined;

/** The package, which only those have who ask in SQL. Throws `sql_unavailable`. */
export async function loadDuck(): Promise<Duck> {
  loading ??= import('@duckdb/node-api');
  let duck: Duck;
  try {
    duck = await loading;
  } catch (error) {
    // It may be installed by the next query.
    loading = undefined;
    throw unavailable(error);
  }
  const version = duck.version();
  if (isOld(version)) throw tooOld(version, versionMin.join('.'));
  return duck;
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major < versionMin[0] || (major === versionMin[0] && minor < versionMin[1]);
}
