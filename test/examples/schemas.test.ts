import { expect, it } from 'vitest';
import { loadDeliveries } from '../../examples/demo/deliveries.js';
import { runSchemas } from '../../examples/demo/schemas.js';

/** They break the schema that is published for their own type (version 7.6.1). */
const refusedDeliveries = 52;

it('enforces the schemas that GitHub publishes on the deliveries that GitHub sends', async () => {
  const deliveries = loadDeliveries();
  const report = await runSchemas(deliveries);
  expect(report).toMatchObject({ subjects: 160, evolvedVersion: 2 });
  expect(report.accepted + report.refused.length).toBe(deliveries.length);
  expect(report.refused.length).toBe(refusedDeliveries);
  expect(report.brokenMessage).toContain('payload/repository: expected a property "repository"');
  expect(report.incompatibleMessage).toMatch(/^schema\/required\/12: required_added/);
}, 240_000);
