import type { JsonValue } from '../../src/index.js';
import { SystemAccess, openCore } from '../../src/eventStore/index.js';

/** Records something of the store's own in the log of a directory, as another version might. */
export async function recordIn(
  dataDir: string,
  eventType: string,
  records: Readonly<Record<string, JsonValue>>,
): Promise<void> {
  const core = await openCore({ dataDir }, { milestoneEvery: 0 });
  const events = Object.entries(records).map(([entityId, payload]) => {
    return { tenantId: '$system', entityId, eventType, payload };
  });
  await new SystemAccess(core).append(events);
  await core.close(async () => undefined);
}
