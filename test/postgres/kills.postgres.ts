import { describe, inject } from 'vitest';
import { testKills } from '../projections/kills.js';
import { makeDatabase } from './database.js';

describe('a projection in PostgreSQL', () => {
  testKills(async () => {
    const { schema, storage } = await makeDatabase();
    const options = { host: inject('postgresHost'), user: 'postgres', database: 'postgres' };
    const place = JSON.stringify({ ...options, schema });
    return { arguments: ['postgres', place], storage: storage() };
  });
});
