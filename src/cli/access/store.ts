import type { EventStore } from '../../store/index.js';
import { exitFailed } from '../failure.js';
import type { TargetFlags } from '../options.js';
import {
  connectTo,
  defaultUrl,
  mustBeOnePlace,
  openReadOnly,
  openToWrite,
} from '../target/index.js';

/** Works on the store of the flags: that of a server, or of a directory, which is opened for it. */
export async function withStore(
  { url, dataDir }: TargetFlags,
  access: 'read' | 'write',
  work: (store: Pick<EventStore, 'apiKeys' | 'tenants' | 'users'>) => Promise<void>,
): Promise<void> {
  process.exitCode = exitFailed;
  mustBeOnePlace({ url, dataDir });
  const store = await opened({ url, dataDir }, access);
  try {
    await work(store);
  } finally {
    await store.close();
  }
  process.exitCode = 0;
}

async function opened({ url, dataDir }: TargetFlags, access: 'read' | 'write') {
  if (dataDir === undefined) return connectTo(url ?? defaultUrl);
  return access === 'read' ? openReadOnly(dataDir) : openToWrite(dataDir, {});
}
