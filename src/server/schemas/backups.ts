import { type Static, Type } from '@sinclair/typebox';
import { keepMax } from '../../backups/index.js';
import { count, timestamp } from './formats.js';

const strict = { additionalProperties: false };

const backupType = Type.Union([Type.Literal('full'), Type.Literal('incremental')], {
  description: '`incremental`: files that an earlier backup has are named, and not copied again',
});
const hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const newBackup = Type.Object(
  { type: Type.Optional(backupType) },
  { ...strict, $id: 'NewBackup' },
);

export const backup = Type.Object(
  {
    backup_id: Type.String(),
    created_at: timestamp,
    backup_type: backupType,
    base_id: Type.Union([Type.String(), Type.Null()]),
    store_id: Type.String(),
    event_count: count,
    size_bytes: Type.Integer({ minimum: 0, description: 'Of the files that it has itself' }),
    restored_bytes: Type.Integer({
      minimum: 0,
      description: 'Of all files that a store is restored from',
    }),
    checksum: Type.String({ description: 'SHA-256 of its manifest, which has those of all files' }),
    first_position: count,
    restorable_from: count,
    from_position: count,
    to_position: count,
    to_timestamp: Type.Union([timestamp, Type.Null()]),
    root_hash: hash,
  },
  { ...strict, $id: 'Backup' },
);

export const backupList = Type.Object(
  {
    backups: Type.Array(backup, { description: 'Newest first' }),
    total: count,
    damaged: Type.Array(Type.String(), { description: 'Ids of those without a readable manifest' }),
    running: Type.Union([
      Type.Object(
        { backup_type: backupType, started_at: timestamp, bytes_done: count, bytes_total: count },
        strict,
      ),
      Type.Null(),
    ]),
  },
  { ...strict, $id: 'BackupList' },
);

export const backupReport = Type.Object(
  {
    backup_id: Type.String(),
    ok: Type.Boolean(),
    events: count,
    bytes: count,
    root_hash: Type.Union([hash, Type.Null()]),
    files: Type.Array(
      Type.Object(
        {
          file: Type.String(),
          ok: Type.Boolean(),
          reason: Type.Union([Type.String(), Type.Null()]),
        },
        strict,
      ),
    ),
  },
  { ...strict, $id: 'BackupReport' },
);

export const deletedBackup = Type.Object(
  { backup_id: Type.String(), deleted: Type.Literal(true) },
  { ...strict, $id: 'DeletedBackup' },
);

export const pruning = Type.Object(
  { keep: Type.Integer({ minimum: 1, maximum: keepMax, description: 'Backups that stay' }) },
  { ...strict, $id: 'Pruning' },
);

export const prunedBackups = Type.Object(
  { deleted: Type.Array(Type.String()), freed_bytes: count },
  { ...strict, $id: 'PrunedBackups' },
);

export const backupParams = Type.Object({ backup_id: Type.String({ minLength: 1 }) });

export type NewBackup = Static<typeof newBackup>;

export const backupDocuments = [
  newBackup,
  backup,
  backupList,
  backupReport,
  deletedBackup,
  pruning,
  prunedBackups,
];
