import type { OfTenant } from '../../consumers/index.js';
import type { SchemaInfo, Schemas, SubjectInfo } from '../../schemaRegistry/index.js';
import { formatCount } from '../output.js';
import { startProgress } from '../progress.js';

/** Calls `work` with each item, one after the other, and shows how far it is. */
export async function eachWithProgress<T>(
  label: string,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const progress = startProgress(label);
  try {
    for (const [done, item] of items.entries()) {
      const text = `${formatCount(done)} of ${formatCount(items.length)} schemas`;
      progress.update({ done, total: items.length, text });
      await work(item);
    }
  } finally {
    progress.stop();
  }
}

/** The newest version of each subject of a tenant, sorted by subject. */
export async function latestSchemas(
  schemas: Schemas,
  options: OfTenant,
): Promise<readonly SchemaInfo[]> {
  const found: SchemaInfo[] = [];
  await eachWithProgress('read', await schemas.list(options), async ({ subject }: SubjectInfo) => {
    found.push(await schemas.get(subject, options));
  });
  return found;
}
