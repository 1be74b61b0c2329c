import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countSent, loadDeliveries } from '../../examples/demo/deliveries.js';
import { runDemo } from '../../examples/demo/runDemo.js';

let dataDir = '';

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'allsource-demo-test-'));
});

afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

describe('the deliveries', () => {
  it('are the 329 real ones, each with a type and an entity', () => {
    const deliveries = loadDeliveries();
    expect(deliveries).toHaveLength(329);
    for (const { eventType, entityId } of deliveries) {
      expect(eventType).toMatch(/^github\.[a-z0-9_]+(\.[a-z0-9_-]+)?$/);
      expect(entityId).not.toBe('');
    }
  });

  it('are counted as they are sent, a part of a round too', () => {
    const deliveries = loadDeliveries();
    const counts = countSent(deliveries, 1000, ({ eventType }) => eventType);
    const sum = [...counts.values()].reduce((total, count) => total + count, 0);
    expect(sum).toBe(1000);
  });
});

describe('the demo', () => {
  it('finds in every query what was sent, and verifies the log', { timeout: 60_000 }, async () => {
    const total = 2000;
    const steps = await runDemo({ dataDir, total });
    const events = new Map(steps.map((step) => [step.name.split(',')[0], step.events]));
    const deliveries = loadDeliveries();
    const sentTo = countSent(deliveries, total, ({ entityId }) => entityId);
    const sentOf = countSent(deliveries, total, ({ eventType }) => eventType);
    expect(steps).toHaveLength(11);
    expect(events.get('ingest NDJSON')).toBe(total);
    expect(events.get('entity octo-org/octo-repo')).toBe(sentTo.get('octo-org/octo-repo'));
    expect(events.get('type github.push')).toBe(sentOf.get('github.push'));
    expect(events.get('verify the log')).toBe(total);
  });

  it('refuses a store that holds something already', { timeout: 60_000 }, async () => {
    await runDemo({ dataDir, total: 400 });
    await expect(runDemo({ dataDir, total: 400 })).rejects.toThrow('expected an empty store');
  });
});
