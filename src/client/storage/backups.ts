import type {
  BackupInfo,
  BackupJobOptions,
  BackupList,
  BackupReport,
  Backups,
  CreateBackupOptions,
  PruneReport,
} from '../../backups/index.js';
import { AllSourceError, abortedError } from '../../domain/index.js';
import type { EndSignal } from '../closing.js';
import { wait } from '../connection.js';
import { longWaitMs as waitMs } from '../connection.js';
import type { Connection } from '../connection.js';
import {
  type WireBackup,
  type WireBackupList,
  toBackup,
  toBackupList,
} from '../wire/backupDocuments.js';
import { checkNames, segmentOf } from '../wire/parameters.js';

const path = '/api/v1/backups';
const lookMs = 500;

const createNames: ReadonlySet<string> = new Set(['type', 'onProgress', 'signal']);

/** Backups of a server's store, in a directory of the server. */
export class RemoteBackups implements Backups {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** A server goes on where the call is aborted. */
  async create(options: CreateBackupOptions = {}): Promise<BackupInfo> {
    checkNames(options, createNames, { code: 'validation_error' });
    const { type, signal } = options;
    const request = { body: { type }, isRepeatable: false, waitMs, signal };
    const stop = this.#watch(options);
    try {
      return toBackup(await this.#connection.post<WireBackup>(path, request));
    } catch (error) {
      // The server makes it, whether somebody waits for the answer or not.
      const isCut = error instanceof AllSourceError && error.code === 'server_unreachable';
      const made = isCut ? await this.#madeMeanwhile(signal).catch(() => undefined) : undefined;
      if (made !== undefined) return made;
      throw error;
    } finally {
      stop();
    }
  }

  async list(): Promise<BackupList> {
    const request = { path, isRepeatable: true };
    return toBackupList(await this.#connection.json<WireBackupList>(request));
  }

  async verify(backupId: string, { signal }: BackupJobOptions = {}): Promise<BackupReport> {
    const request = { isRepeatable: true, waitMs, signal };
    const report = await this.#connection.post<
      Omit<BackupReport, 'backupId' | 'rootHash'> & { backup_id: string; root_hash: string | null }
    >(`${this.#one(backupId)}/verify`, request);
    const { backup_id, root_hash: rootHash, ...rest } = report;
    return { ...rest, backupId: backup_id, rootHash };
  }

  async delete(backupId: string): Promise<void> {
    const request = { path: this.#one(backupId), method: 'DELETE', isRepeatable: false } as const;
    await this.#connection.send(request, async (response) => {
      await response.arrayBuffer();
    });
  }

  async prune({ keep }: { readonly keep: number }): Promise<PruneReport> {
    const request = { body: { keep }, isRepeatable: true, waitMs };
    const report = await this.#connection.post<{ deleted: string[]; freed_bytes: number }>(
      `${path}/prune`,
      request,
    );
    return { deleted: report.deleted, freedBytes: report.freed_bytes };
  }

  #one(backupId: string): string {
    return `${path}/${segmentOf(backupId, 'backup_id', 'validation_error')}`;
  }

  /** The backup that the server is making, once it is there; undefined where there is none. */
  async #madeMeanwhile(signal: EndSignal | undefined): Promise<BackupInfo | undefined> {
    const { running } = await this.list();
    if (running === null) return undefined;
    for (;;) {
      await wait(lookMs, [signal, this.#connection.closing]);
      if (signal?.aborted === true) throw abortedError();
      const list = await this.list();
      if (list.running?.startedAt === running.startedAt) continue;
      return list.backups.find(({ createdAt }) => createdAt >= running.startedAt);
    }
  }

  /** Tells of the progress that the server's list shows; a function that ends it. */
  #watch({ onProgress }: BackupJobOptions): () => void {
    if (onProgress === undefined) return () => undefined;
    let isLooking = false;
    const look = async (): Promise<void> => {
      if (isLooking) return;
      isLooking = true;
      try {
        const { running } = await this.list();
        if (running !== null) onProgress(running);
      } catch (error) {
        // The answer to the call itself tells what is wrong.
        if (!(error instanceof AllSourceError)) throw error;
      } finally {
        isLooking = false;
      }
    };
    const timer = setInterval(() => void look(), lookMs);
    return () => clearInterval(timer);
  }
}
