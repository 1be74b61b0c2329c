import { createHash } from 'node:crypto';
import { formatTimestamp, isJsonObject, parseTimestamp } from '../domain/index.js';
import type { JsonObject, JsonValue } from '../domain/index.js';
import { parquetNamePattern } from '../parquet/index.js';
import type { ParquetFile } from '../parquet/index.js';
import type { BackupInfo, BackupType } from './types.js';

const formatVersion = 1;
export const manifestName = 'manifest.json';
export const backupIdPattern = /^\d{8}-\d{6}-[0-9a-f]{8}$/;

const hashPattern = /^[0-9a-f]{64}$/;
const namePatterns = {
  store: /^STORE$/,
  segment: /^\d{20}\.seg$/,
  index: /^\d{20}\.idx$/,
  parquet: parquetNamePattern,
};

/** A file that a store is restored from. */
export type ManifestFile = LogFile | BackedUpParquet;

interface LogFile extends FilePlace {
  readonly kind: 'store' | 'segment' | 'index';
  /** Of a segment: what tells it from another one of these positions; else 0. */
  readonly salt: number;
}

/** What the tier of a restored store has to know of a file. */
export interface BackedUpParquet extends FilePlace, ParquetRows {
  readonly kind: 'parquet';
}

type ParquetRows = Pick<
  ParquetFile,
  'eventCount' | 'firstTimestamp' | 'lastTimestamp' | 'createdAt'
>;

interface FilePlace {
  readonly name: string;
  /** Whose directory it is in. */
  readonly backupId: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly firstPosition: number;
  readonly lastPosition: number;
}

/** What a backup is: everything of it is named here (docs/format/backup.md). */
export interface Manifest extends Omit<
  BackupInfo,
  'checksum' | 'eventCount' | 'sizeBytes' | 'restoredBytes'
> {
  /** STORE, segments in the order of the log, index files in the same, Parquet files in the same. */
  readonly files: readonly ManifestFile[];
}

export interface ReadManifest extends Manifest {
  readonly checksum: string;
}

export function infoOf(manifest: ReadManifest): BackupInfo {
  const { files, ...rest } = manifest;
  const own = files.filter(({ backupId }) => backupId === manifest.backupId);
  return {
    ...rest,
    eventCount: manifest.toPosition - manifest.fromPosition + 1,
    sizeBytes: sumOf(own),
    restoredBytes: sumOf(files),
  };
}

function sumOf(files: readonly ManifestFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The text of the file, and the checksum in it. */
export function encodeManifest(manifest: Manifest): { text: string; checksum: string } {
  const document = toDocument(manifest);
  const checksum = checksumOf(document);
  return { text: `${JSON.stringify({ checksum, manifest: document }, null, 1)}\n`, checksum };
}

/** What is wrong, as text, where it is not the manifest of the backup of this id. */
export function decodeManifest(text: string, backupId: string): ReadManifest | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (!isJsonObject(parsed) || !isJsonObject(parsed['manifest'])) return 'it has no manifest';
  const { checksum, manifest: document } = parsed;
  if (checksum !== checksumOf(document)) return 'its checksum is not that of its content';
  if (document['format_version'] !== formatVersion) {
    return `expected format version ${formatVersion}, got ${JSON.stringify(document['format_version'])}`;
  }
  try {
    const manifest = fromDocument(document);
    if (manifest.backupId !== backupId) return `it is that of backup ${manifest.backupId}`;
    return { ...manifest, checksum };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Over the members in their order and without blanks: JSON.parse keeps the one, JSON.stringify the other. */
function checksumOf(document: JsonObject): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex');
}

function toDocument(manifest: Manifest): JsonObject {
  return {
    format_version: formatVersion,
    backup_id: manifest.backupId,
    created_at: formatTimestamp(manifest.createdAt),
    backup_type: manifest.backupType,
    base_id: manifest.baseId,
    store_id: manifest.storeId,
    first_position: manifest.firstPosition,
    restorable_from: manifest.restorableFrom,
    from_position: manifest.fromPosition,
    to_position: manifest.toPosition,
    to_timestamp: timeText(manifest.toTimestamp),
    root_hash: manifest.rootHash,
    files: manifest.files.map(fileDocument),
  };
}

function fileDocument(file: ManifestFile): JsonObject {
  const place = {
    kind: file.kind,
    name: file.name,
    backup_id: file.backupId,
    bytes: file.bytes,
    sha256: file.sha256,
    first_position: file.firstPosition,
    last_position: file.lastPosition,
  };
  if (file.kind !== 'parquet') return { ...place, salt: file.salt };
  return {
    ...place,
    event_count: file.eventCount,
    first_timestamp: timeText(file.firstTimestamp),
    last_timestamp: timeText(file.lastTimestamp),
    created_at: formatTimestamp(file.createdAt),
  };
}

function timeText(micros: number | null): string | null {
  return micros === null ? null : formatTimestamp(micros);
}

/** Throws where a member is not what it must be. The checksum finds accidents; this keeps paths inside. */
function fromDocument(document: JsonObject): Manifest {
  const { base_id: baseId, files } = document;
  const backupType = document['backup_type'];
  if (!isBackupType(backupType)) throw new Error('backup_type: neither full nor incremental');
  if (!Array.isArray(files)) throw new Error('files: expected a list');
  const manifest: Manifest = {
    backupId: text(document, 'backup_id', backupIdPattern),
    createdAt: time(document, 'created_at'),
    backupType,
    baseId: baseId === null ? null : text(document, 'base_id', backupIdPattern),
    storeId: text(document, 'store_id', /^[0-9a-f-]{36}$/),
    firstPosition: count(document, 'first_position'),
    restorableFrom: count(document, 'restorable_from'),
    fromPosition: count(document, 'from_position'),
    toPosition: count(document, 'to_position'),
    toTimestamp: timeOrNull(document, 'to_timestamp'),
    rootHash: text(document, 'root_hash', hashPattern),
    files: files.map(fileOf),
  };
  const kinds = manifest.files.map(({ kind }) => kind);
  if (kinds[0] !== 'store' || !kinds.includes('segment')) {
    throw new Error('files: expected STORE and a segment');
  }
  return manifest;
}

function fileOf(value: JsonValue): ManifestFile {
  if (!isJsonObject(value)) throw new Error('files: expected objects');
  const { kind } = value;
  if (kind === 'parquet') return { kind, ...placeOf(value, kind), ...parquetRowsOf(value) };
  if (kind === 'store' || kind === 'segment' || kind === 'index') {
    return { kind, ...placeOf(value, kind), salt: count(value, 'salt') };
  }
  throw new Error('kind: expected store, segment, index or parquet');
}

function placeOf(value: JsonObject, kind: ManifestFile['kind']): FilePlace {
  return {
    name: text(value, 'name', namePatterns[kind]),
    backupId: text(value, 'backup_id', backupIdPattern),
    bytes: count(value, 'bytes'),
    sha256: text(value, 'sha256', hashPattern),
    firstPosition: count(value, 'first_position'),
    lastPosition: count(value, 'last_position'),
  };
}

function parquetRowsOf(value: JsonObject): ParquetRows {
  return {
    eventCount: count(value, 'event_count'),
    firstTimestamp: timeOrNull(value, 'first_timestamp'),
    lastTimestamp: timeOrNull(value, 'last_timestamp'),
    createdAt: time(value, 'created_at'),
  };
}

function isBackupType(value: unknown): value is BackupType {
  return value === 'full' || value === 'incremental';
}

function text(object: JsonObject, member: string, pattern: RegExp): string {
  const value = object[member];
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new Error(`${member}: expected text of the form ${pattern.source}`);
}

function time(object: JsonObject, member: string): number {
  return parseTimestamp(text(object, member, /./), member);
}

function timeOrNull(object: JsonObject, member: string): number | null {
  return object[member] === null ? null : time(object, member);
}

function count(object: JsonObject, member: string): number {
  const value = object[member];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${member}: expected a whole number from 0`);
}
