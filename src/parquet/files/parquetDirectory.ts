import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, makeDirectory, syncDirectory } from '../../files/index.js';
import type { ParquetFile, PlacedFile } from '../types.js';

/** Positions that a file has all events of. */
export interface Range {
  readonly firstPosition: number;
  readonly lastPosition: number;
}

const positionDigits = 20;
const segmentName = /^(\d{20})\.seg$/;
export const parquetNamePattern = /^\d{20}-\d{20}-[0-9a-f]{16}\.parquet$/;

export function parquetName({ firstPosition, lastPosition }: Range, sha256: string): string {
  const digits = (position: number) => String(position).padStart(positionDigits, '0');
  return `${digits(firstPosition)}-${digits(lastPosition)}-${sha256.slice(0, 16)}.parquet`;
}

/** What a file is called until it is durable. */
export function unfinishedName({ firstPosition }: Range): string {
  return `${firstPosition}.tmp`;
}

export function isIn(file: Range, { firstPosition, lastPosition }: Range): boolean {
  return file.lastPosition >= firstPosition && file.firstPosition <= lastPosition;
}

/** Whether files, in the order of the log, have all positions of a range. */
export function covers(files: readonly Range[], { firstPosition, lastPosition }: Range): boolean {
  let next = firstPosition;
  for (const file of files) {
    if (next > lastPosition) break;
    if (file.firstPosition > next) return false;
    next = Math.max(next, file.lastPosition + 1);
  }
  return next > lastPosition;
}

/** Files of the tier, in the directory of a store. The record in the log says which of them count. */
export class ParquetDirectory {
  readonly path: string;
  readonly #log: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'columnar');
    this.#log = join(dataDir, 'log');
  }

  placed(file: ParquetFile): PlacedFile {
    return { ...file, path: join(this.path, file.name) };
  }

  make(): Promise<void> {
    return makeDirectory(this.path);
  }

  /**
   * The segments of the log to which nothing is added any more. Each segment is synced before the next
   * one gets its name, so all but the last are durable.
   */
  async sealedSegments(): Promise<readonly Range[]> {
    const names = await readdir(this.#log);
    const begins = names
      .flatMap((name) => segmentName.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    return begins.slice(0, -1).map((firstPosition, i) => ({
      firstPosition,
      lastPosition: (begins[i + 1] ?? 0) - 1,
    }));
  }

  /** Removes files that were never recorded, or are not any more. */
  async sweep(isKept: (name: string) => boolean): Promise<void> {
    const names = await this.#names();
    const left = names.filter((name) => isOurs(name) && !isKept(name));
    for (const name of left) await rm(join(this.path, name), { force: true });
    if (left.length > 0) await syncDirectory(this.path);
  }

  async #names(): Promise<readonly string[]> {
    try {
      return await readdir(this.path);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

function isOurs(name: string): boolean {
  return parquetNamePattern.test(name) || /^\d+\.tmp$/.test(name);
}
