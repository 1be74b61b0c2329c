import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import Database from 'libsql';
import { sqliteStorage } from '../../../src/index.js';
import type { SqliteDatabase } from '../../../src/index.js';
import { codeOf, makeDirectory } from '../../support/store.js';
import { commitOf, describeStorage, space } from './contract.js';
import { describeSqlStorage } from './sqlContract.js';
import type { CommitFault, SqlDatabase } from './sqlDatabase.js';

const prefix = 'allsource_';

function connect(file: string): Database.Database {
  const database = new Database(file, { timeout: 5000 });
  onTestFinished(() => void database.close());
  return database;
}

/** The connection, whose commits fail as they are told to. */
function failing(database: SqliteDatabase, next: () => CommitFault | undefined): SqliteDatabase {
  return {
    prepare: (sql) => database.prepare(sql),
    exec: (sql) => {
      const fault = sql === 'COMMIT' ? next() : undefined;
      if (fault !== 'not made') database.exec(sql);
      if (fault !== undefined) throw new Error(fault);
    },
  };
}

async function makeDatabase(): Promise<SqlDatabase> {
  const file = join(await makeDirectory(), 'states.db');
  const reader = connect(file);
  reader.exec('PRAGMA journal_mode = WAL');
  return {
    prefix,
    storage: () => sqliteStorage(connect(file)),
    failing: (next) => sqliteStorage(failing(connect(file), next)),
    query: async (sql) => {
      if (sql.startsWith('SELECT')) return reader.prepare(sql).all() as Record<string, unknown>[];
      reader.exec(sql);
      return [];
    },
    copy: async () => {
      const tables = ['spaces', 'rows', 'parked'].map((table) => prefix + table);
      for (const name of tables) reader.exec(`CREATE TABLE kept_${name} AS SELECT * FROM ${name}`);
      const restored = tables.map((name) => {
        return `DELETE FROM ${name}; INSERT INTO ${name} SELECT * FROM kept_${name};`;
      });
      return async () => void reader.exec(`BEGIN; ${restored.join(' ')} COMMIT`);
    },
  };
}

describeStorage('SQLite', async () => {
  const { storage } = await makeDatabase();
  return storage();
});
describeSqlStorage('SQLite', makeDatabase);

describe('a connection to SQLite', () => {
  it('that has a transaction of its user open keeps it', async () => {
    const database = connect(':memory:');
    const storage = sqliteStorage(database);
    await storage.commit(space, commitOf(0, 1, { a: 1 }));
    database.exec('CREATE TABLE mine (x); BEGIN; INSERT INTO mine VALUES (1)');
    await expect(storage.commit(space, commitOf(1, 2, { a: 2 }))).rejects.toThrow(/transaction/);
    database.exec('COMMIT');
    expect(database.prepare('SELECT count(*) AS n FROM mine').get()).toMatchObject({ n: 1 });
    expect(await storage.load(space, ['a'])).toEqual([1]);
    await storage.commit(space, commitOf(1, 2, { a: 2 }));
    expect(await storage.load(space, ['a'])).toEqual([2]);
  });

  it('may give whole numbers as BigInt', async () => {
    const database = connect(':memory:');
    database.defaultSafeIntegers(true);
    const storage = sqliteStorage(database);
    await storage.commit(space, commitOf(0, 3, { a: 1 }, [{ position: 2, reason: 'bad' }]));
    await storage.commit(space, commitOf(3, 4, { a: 2 }));
    expect(await storage.open(space)).toEqual({ position: 4, parked: 1, eventId: 'event-4' });
    expect(await storage.parked(space)).toEqual([{ position: 2, reason: 'bad' }]);
    await storage.drop(space);
    expect(await storage.open(space)).toEqual({ position: 0, parked: 0 });
  });

  it('has tables of several storages by their prefix, which is checked', async () => {
    const database = connect(':memory:');
    const storages = ['one_', 'two_'].map((prefix) => sqliteStorage(database, { prefix }));
    for (const [i, storage] of storages.entries()) {
      await storage.commit(space, commitOf(0, 1, { a: i }));
    }
    for (const [i, storage] of storages.entries()) {
      expect(await storage.load(space, ['a'])).toEqual([i]);
    }
    for (const prefix of ['', 'A', '1a', 'a"b', 'a b', 'x'.repeat(41), 7]) {
      const options = { prefix: prefix as string };
      expect(await codeOf(() => sqliteStorage(database, options))).toBe('invalid_configuration');
    }
  });
});
