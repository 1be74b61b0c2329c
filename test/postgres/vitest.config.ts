// What needs a server of PostgreSQL: `npm run test:postgres`, with one as Debian packages it.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/postgres/*.postgres.ts'],
    pool: 'forks',
    globalSetup: ['test/support/buildOnce.ts', 'test/postgres/oneServer.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
