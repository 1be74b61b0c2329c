import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { backupsIn, type Backups, type KeptBackups } from '../../backups/index.js';
import { openEventStore } from '../../store/index.js';
import { CliError, exitUsage } from '../failure.js';
import { connectTo, defaultUrl } from '../target/index.js';

export interface PlaceFlags {
  readonly url?: string;
  readonly dataDir?: string;
  readonly backupDir?: string;
  readonly json?: true;
}

/** Where backups are: behind a server, or in a directory. */
export interface Place {
  readonly kept: KeptBackups;
  /** Undefined where there is a directory of backups, and no store. */
  readonly create: Backups['create'] | undefined;
  close(): Promise<void>;
}

export async function openPlace({ url, dataDir, backupDir }: PlaceFlags): Promise<Place> {
  if (url !== undefined && (dataDir !== undefined || backupDir !== undefined)) {
    throw new CliError('expected --url, or --data-dir and --backup-dir, got both', {
      exitCode: exitUsage,
    });
  }
  if (dataDir === undefined && backupDir === undefined) return remotePlace(url ?? defaultUrl);
  const directory = backupDir ?? join(dataDir ?? '', 'backups');
  const create: Backups['create'] | undefined =
    dataDir === undefined ? undefined : (options) => createBeside(dataDir, directory, options);
  return { kept: backupsIn(directory), create, close: () => Promise.resolve() };
}

function remotePlace(url: string): Place {
  const store = connectTo(url);
  const { backups } = store;
  return {
    kept: backups,
    create: (options) => backups.create(options),
    close: () => store.close(),
  };
}

/** Read-only, so it works beside a server. Damaged stores have nothing to list: only this opens one. */
async function createBeside(
  dataDir: string,
  directory: string,
  options: Parameters<Backups['create']>[0],
): ReturnType<Backups['create']> {
  if (!existsSync(dataDir)) {
    throw new CliError(
      `${dataDir}: expected the data directory of a store, found no directory; check --data-dir`,
    );
  }
  const store = await openEventStore({ dataDir, readOnly: true, backups: { directory } });
  try {
    return await store.backups.create(options);
  } finally {
    await store.close();
  }
}
