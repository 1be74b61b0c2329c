import { dirname } from 'node:path';
import type { PlacedFile } from '../../parquet/index.js';
import { checkTree } from '../check/checkTree.js';
import { checkPlanSize } from '../check/planSize.js';
import { isNode, nodesIn } from '../check/tree.js';
import { errorOfDuck, invalidQuery, refused } from '../failures.js';
import { loadDuck } from './duck.js';
import type { Duck, DuckDBConnection, DuckDBInstance } from './duck.js';
import { FileTenants } from './fileTenants.js';
import { quoted } from './quoted.js';

export interface DatabaseOptions {
  readonly memoryMb: number;
  readonly threads: number;
  /** Where the Parquet files are: nothing else can be read. */
  readonly directories: readonly string[];
}

/** Directories of files, each once. */
export function directoriesOf(files: readonly PlacedFile[]): readonly string[] {
  return [...new Set(files.map(({ path }) => dirname(path)))].sort();
}

/** In this order: what is behind the first ones can't be set any more. */
function settingsOf({ memoryMb, threads, directories }: DatabaseOptions): readonly string[] {
  return [
    `threads = ${threads}`,
    `memory_limit = '${memoryMb}MiB'`,
    "GLOBAL TimeZone = 'UTC'",
    "temp_directory = ''",
    "max_temp_directory_size = '0KB'",
    'allow_persistent_secrets = false',
    'allow_community_extensions = false',
    'autoinstall_known_extensions = false',
    'autoload_known_extensions = false',
    `allowed_directories = [${directories.map(quoted).join(', ')}]`,
    'enable_external_access = false',
    'lock_configuration = true',
  ];
}

/** A database of DuckDB in memory, shut in: it reads the directories it was given, and writes no file. */
export class Database {
  readonly duck: Duck;
  readonly options: DatabaseOptions;
  readonly tenants: FileTenants;
  readonly #instance: DuckDBInstance;
  readonly #own: DuckDBConnection;

  private constructor(
    duck: Duck,
    options: DatabaseOptions,
    { instance, own }: { readonly instance: DuckDBInstance; readonly own: DuckDBConnection },
  ) {
    this.duck = duck;
    this.options = options;
    this.#instance = instance;
    this.#own = own;
    this.tenants = new FileTenants(own);
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    const duck = await loadDuck();
    const instance = await duck.DuckDBInstance.create(':memory:');
    const own = await instance.connect();
    for (const setting of settingsOf(options)) await own.run(`SET ${setting}`);
    return new Database(duck, options, { instance, own });
  }

  covers(directories: readonly string[]): boolean {
    return directories.every((directory) => this.options.directories.includes(directory));
  }

  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /** Runs a statement of our own. */
  async run(sql: string): Promise<void> {
    await this.#own.run(sql);
  }

  /** The first row that it gives. */
  async row(sql: string): Promise<readonly unknown[]> {
    return (await this.#own.runAndReadAll(sql)).getRows()[0] ?? [];
  }

  /**
   * Throws `invalid_query` unless a text is one SELECT that reads and calls what is allowed. The parser
   * that makes the tree is the one that parses the text again to run it.
   */
  async check(text: string): Promise<void> {
    // A parser may take it for the end of the text.
    if (text.includes('\0')) throw refused('it has a character U+0000');
    const tree = await this.#treeOf(text);
    if (tree['error'] !== false) throw parserError(tree);
    const [statement, ...others] = nodesIn(tree['statements']);
    if (statement === undefined) throw invalidQuery('expected a SELECT, got nothing');
    if (others.length > 0) throw refused('it has several statements; send them one by one');
    checkTree(statement);
    checkPlanSize(statement);
  }

  /** Connections that are still open keep what they need. */
  close(): void {
    this.#own.closeSync();
    this.#instance.closeSync();
  }

  async #treeOf(text: string): Promise<Readonly<Record<string, unknown>>> {
    try {
      const reader = await this.#own.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [
        text,
      ]);
      const tree: unknown = JSON.parse(String(reader.getRows()[0]?.[0]));
      if (isNode(tree)) return tree;
    } catch (error) {
      throw errorOfDuck(error, this.options.memoryMb);
    }
    throw invalidQuery('it is not understood');
  }
}

function parserError(tree: Readonly<Record<string, unknown>>): Error {
  if (tree['error_type'] === 'not implemented') {
    return refused('it is no SELECT (nor WITH, FROM, VALUES, DESCRIBE or SUMMARIZE)');
  }
  const at = Number(tree['position']);
  const place = Number.isSafeInteger(at) ? ` (at character ${at + 1})` : '';
  return invalidQuery(`${String(tree['error_message'])}${place}`);
}
