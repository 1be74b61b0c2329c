import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as limits from '../../src/domain/limits.js';

const header = readFileSync(new URL('../../native/base/limits.h', import.meta.url), 'utf8');

/** The value of a constant of the header, such as `size_t{2} << 20` or `1'000'000`. */
function nativeLimit(name: string): number {
  const match = new RegExp(`${name} =\\s*(?:size_t\\{(\\d+)\\} << (\\d+)|([\\d']+));`).exec(header);
  if (!match) throw new Error(`native/base/limits.h has no ${name}`);
  const [, base, shift, plain] = match;
  return plain === undefined
    ? Number(base) * 2 ** Number(shift)
    : Number(plain.replaceAll("'", ''));
}

it.each([
  ['kEntityIdBytesMax', limits.entityIdBytesMax],
  ['kEventTypeBytesMax', limits.eventTypeBytesMax],
  ['kTenantIdBytesMax', limits.tenantIdBytesMax],
  ['kJsonDepthMax', limits.jsonDepthMax],
  ['kEventBytesMax', limits.eventBytesMax],
  ['kBatchBytesMax', limits.batchBytesMax],
  ['kBatchEventsMax', limits.batchEventsMax],
  ['kPartitionCount', limits.partitionCount],
])('has the engine’s %s', (name, value) => {
  expect(value).toBe(nativeLimit(name));
});
