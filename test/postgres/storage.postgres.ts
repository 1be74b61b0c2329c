import { inject, onTestFinished } from 'vitest';
import pg from 'pg';
import { postgresStorage } from '../../src/index.js';
import { describeStorage } from '../projections/storage/contract.js';
import { newSchema } from './schema.js';

describeStorage('PostgreSQL', async () => {
  const pool = new pg.Pool({ host: inject('postgresHost'), user: 'postgres', max: 3 });
  onTestFinished(() => pool.end());
  return postgresStorage(pool, { schema: newSchema() });
});
