import { PolicyReader, RepeatedWork, backupRanges as ranges } from '../domain/index.js';
import type { BackupPolicy } from '../eventStore/index.js';
import type { Backups, BackupInfo, BackupType } from './types.js';

const hourMs = 3_600_000;
const retryMs = 300_000;

export interface CheckedPolicy extends Schedule {
  /** Undefined: in the directory of the store. */
  readonly directory: string | undefined;
}

interface Schedule {
  /** 0: none are made by themselves. */
  readonly everyHours: number;
  readonly fullEvery: number;
  /** 0: all. */
  readonly keep: number;
}

/** Throws `invalid_configuration`. */
export function checkedPolicy(policy: BackupPolicy): CheckedPolicy {
  const reader = new PolicyReader('backups', policy);
  reader.mustHaveOnly(['directory', ...Object.keys(ranges)]);
  const { directory } = policy;
  if (directory !== undefined && (typeof directory !== 'string' || directory === '')) {
    throw reader.invalid('directory', 'expected the path of a directory');
  }
  return {
    directory,
    everyHours: reader.wholeNumber('everyHours', ranges.everyHours),
    fullEvery: reader.wholeNumber('fullEvery', ranges.fullEvery),
    keep: reader.wholeNumber('keep', ranges.keep),
  };
}

/** Makes backups when they are due, counted from the newest one that there is. */
export class BackupSchedule {
  readonly #backups: Backups;
  readonly #schedule: Schedule;
  readonly #work = new RepeatedWork(() => this.#makeWhatIsDue(), { retryMs });

  constructor(backups: Backups, schedule: Schedule) {
    this.#backups = backups;
    this.#schedule = schedule;
  }

  /** Why the last one that was due could not be made. */
  get failure(): string | null {
    return this.#work.failure;
  }

  begin(): void {
    if (this.#schedule.everyHours > 0) this.#work.begin();
  }

  close(): void {
    this.#work.close();
  }

  /** Resolves to the time until the next one is due. */
  async #makeWhatIsDue(): Promise<number> {
    const { everyHours, keep } = this.#schedule;
    const { backups } = await this.#backups.list();
    const waitMs = everyHours * hourMs - (Date.now() - (backups[0]?.createdAt ?? 0) / 1000);
    // A clock that was set back must not put it off for longer than the interval.
    if (waitMs > 0) return Math.min(waitMs, everyHours * hourMs);
    await this.#backups.create({ type: this.#nextType(backups) });
    if (keep > 0) await this.#backups.prune({ keep });
    return everyHours * hourMs;
  }

  #nextType(backups: readonly BackupInfo[]): BackupType {
    const sinceFull = backups.findIndex(({ backupType }) => backupType === 'full') + 1;
    return sinceFull > 0 && sinceFull < this.#schedule.fullEvery ? 'incremental' : 'full';
  }
}
