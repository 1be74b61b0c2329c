import { onTestFinished } from 'vitest';
import Database from 'libsql';
import { sqliteStorage } from '../../../src/index.js';
import { describeStorage } from './contract.js';

describeStorage('SQLite', async () => {
  const database = new Database(':memory:');
  onTestFinished(() => void database.close());
  return sqliteStorage(database);
});
