import { ColumnReader } from '../../columnar/index.js';
import { SystemAccess, openCore } from '../../eventStore/index.js';

/** The log of a directory, opened to be read beside its writer. */
export interface OpenLog {
  readonly system: SystemAccess;
  readonly columns: ColumnReader;
  close(): Promise<void>;
}

export async function openLog(dataDir: string): Promise<OpenLog> {
  const core = await openCore({ dataDir, readOnly: true }, { milestoneEvery: 0 });
  const system = new SystemAccess(core);
  const close = (): Promise<void> => core.close(async () => undefined);
  return { system, columns: new ColumnReader(system), close };
}
