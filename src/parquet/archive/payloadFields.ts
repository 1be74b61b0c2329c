import { ColumnReader } from '../../columnar/index.js';
import type { ColumnsOptions, RecordBatch } from '../../columnar/index.js';
import { SystemAccess, openCore, textBatches } from '../../eventStore/index.js';

/**
 * Values of fields of payloads, by the name of the column. The engine finds them, as it does in the log:
 * payloads are put into a store in memory for it.
 */
export async function payloadFields(
  payloads: readonly string[],
  fields: NonNullable<ColumnsOptions['fields']>,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const names = Object.keys(fields);
  const values = new Map(names.map((name) => [name, [] as unknown[]]));
  if (names.length === 0) return values;
  const core = await openCore({ memory: true }, { milestoneEvery: 0 });
  try {
    const system = new SystemAccess(core);
    const texts = payloads.map(
      (payload) => `{"eventType":"a","entityId":"a","tenantId":"default","payload":${payload}}`,
    );
    for await (const batch of textBatches(texts)) await system.appendTexts(batch);
    for await (const batch of new ColumnReader(system).read({ fields })) {
      for (const name of names) addAll(values.get(name), batch, name);
    }
  } finally {
    await core.close(async () => undefined);
  }
  return values;
}

function addAll(to: unknown[] | undefined, batch: RecordBatch, name: string): void {
  const column = batch.getChild(name);
  for (let row = 0; row < batch.numRows; row += 1) to?.push(column?.get(row) ?? null);
}
