import type { PlacedFile } from '../../parquet/index.js';
import type { DuckDBConnection } from './duck.js';
import { quoted } from './quoted.js';

/** First and last of the tenants of a file, as its statistics say; not known: null. */
interface Span {
  readonly first: string | null;
  readonly last: string | null;
}

/** Files that a tenant's events may be in. */
export interface TenantFiles {
  /** All of their events are the tenant's. */
  readonly own: readonly PlacedFile[];
  /** They may have events of other tenants. */
  readonly shared: readonly PlacedFile[];
}

/** Whose events files have. They never change, so each is looked at once. */
export class FileTenants {
  readonly #connection: DuckDBConnection;
  #spans = new Map<string, Span>();

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  async filesOf(tenantId: string, files: readonly PlacedFile[]): Promise<TenantFiles> {
    await this.#look(files);
    const own: PlacedFile[] = [];
    const shared: PlacedFile[] = [];
    for (const file of files) {
      const { first, last } = this.#spans.get(file.path) ?? unknown;
      // Statistics may be cut, but the first is never higher, and the last never lower than they were.
      if (first === tenantId && last === tenantId) own.push(file);
      else if (first === null || last === null) shared.push(file);
      else if (!isBefore(tenantId, first) && !isBefore(last, tenantId)) shared.push(file);
    }
    return { own, shared };
  }

  async #look(files: readonly PlacedFile[]): Promise<void> {
    const missing = files.filter(({ path }) => !this.#spans.has(path));
    const found = missing.length === 0 ? [] : await this.#spansOf(missing);
    const known = this.#spans;
    // What is not there any more is forgotten.
    this.#spans = new Map(
      files.flatMap(({ path }) => {
        const span = known.get(path);
        return span === undefined ? [] : [[path, span]];
      }),
    );
    for (const [path, span] of found) this.#spans.set(path, span);
  }

  async #spansOf(files: readonly PlacedFile[]): Promise<readonly [string, Span][]> {
    const reader = await this.#connection.runAndReadAll(
      `SELECT file_name, min(stats_min_value), max(stats_max_value),
         count(*) = count(stats_min_value) AND count(*) = count(stats_max_value)
       FROM parquet_metadata([${files.map(({ path }) => quoted(path)).join(', ')}])
       WHERE path_in_schema = 'tenant_id' GROUP BY file_name`,
    );
    return reader.getRows().map(([path, first, last, isWhole]) => {
      const span = isWhole === true ? { first: String(first), last: String(last) } : unknown;
      return [String(path), span];
    });
  }
}

const unknown: Span = { first: null, last: null };

/** Tenants are ASCII: code units are in the order of bytes. */
function isBefore(a: string, b: string): boolean {
  return a < b;
}
