// The JSON-Schema-Test-Suite: `npm run test:schema-suite`, with the suite as Debian packages it.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/schemas/suite/*.suite.ts'], testTimeout: 60_000 },
});
