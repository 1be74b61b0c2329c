import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import Database from 'libsql';
import { sqliteStorage } from '../../src/index.js';
import { makeDirectory } from '../support/store.js';
import { testKills } from './kills.js';

describe('a projection in the log', () => {
  testKills(async () => ({ arguments: [], storage: undefined }));
});

describe('a projection in SQLite', () => {
  testKills(async () => {
    const file = join(await makeDirectory(), 'states.db');
    const database = new Database(file);
    onTestFinished(() => void database.close());
    return { arguments: ['sqlite', file], storage: sqliteStorage(database) };
  });
});
