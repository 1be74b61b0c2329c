import { backupRanges, snapshotRanges } from '../../domain/index.js';
import { byteCount, flag, oneOf, optionalPath, plainText, wholeNumber } from '../valueTypes.js';
import { setting } from './setting.js';

const mebibyte = 1024 ** 2;

export const storageSettings = {
  dataDir: setting({
    key: 'storage.data_dir',
    env: ['ALLSOURCE_DATA_DIR'],
    flag: '--data-dir',
    placeholder: 'dir',
    type: plainText('a path of 1-4096 characters', 4096),
    default: './data',
    doc: 'Directory of the store, from the working directory; made if missing.',
  }),
  memory: setting({
    key: 'storage.memory',
    env: ['ALLSOURCE_MEMORY'],
    flag: '--memory',
    placeholder: 'boolean',
    type: flag(),
    default: false,
    doc: 'Keep everything in memory: no file, gone with the process; data_dir is not used.',
  }),
  segmentBytesMax: setting({
    key: 'storage.segment_bytes_max',
    env: ['ALLSOURCE_SEGMENT_BYTES_MAX'],
    flag: '--segment-bytes-max',
    placeholder: 'bytes',
    type: byteCount(mebibyte, 1024 * mebibyte),
    default: 64 * mebibyte,
    doc: 'Size of a full log segment.',
  }),
  queueBytesMax: setting({
    key: 'storage.queue_bytes_max',
    env: ['ALLSOURCE_QUEUE_BYTES_MAX'],
    flag: '--queue-bytes-max',
    placeholder: 'bytes',
    type: byteCount(mebibyte, 4096 * mebibyte),
    default: 64 * mebibyte,
    doc: 'Bytes that may wait for the disk before appends wait.',
  }),
  cacheBytesMax: setting({
    key: 'storage.cache_bytes_max',
    env: ['ALLSOURCE_CACHE_BYTES_MAX'],
    flag: '--cache-bytes-max',
    placeholder: 'bytes',
    type: byteCount(mebibyte, 1024 * 1024 * mebibyte),
    default: 128 * mebibyte,
    doc: 'Bytes of index files and sealed segments that may be in memory.',
  }),
  durability: setting<'sync' | 'async'>({
    key: 'durability.mode',
    env: ['ALLSOURCE_DURABILITY'],
    flag: '--durability',
    placeholder: 'mode',
    type: oneOf(['sync', 'async']),
    default: 'sync',
    doc: 'sync: acknowledged after fdatasync; async: after the write, synced at most 50 ms later.',
  }),
};

const { eventThreshold, timeThresholdSeconds, perEntityMax } = snapshotRanges;

export const snapshotSettings = {
  snapshotsAutomatic: setting({
    key: 'snapshots.automatic',
    env: ['ALLSOURCE_SNAPSHOTS_AUTOMATIC'],
    flag: '--snapshots-automatic',
    placeholder: 'boolean',
    type: flag(),
    default: true,
    doc: 'Make snapshots of entities without being asked for them.',
  }),
  snapshotsEventThreshold: setting({
    key: 'snapshots.event_threshold',
    env: ['ALLSOURCE_SNAPSHOTS_EVENT_THRESHOLD'],
    flag: '--snapshots-event-threshold',
    placeholder: 'number',
    type: wholeNumber(eventThreshold.min, eventThreshold.max),
    default: eventThreshold.default,
    doc: 'Events of an entity between two automatic snapshots.',
  }),
  snapshotsTimeThresholdSeconds: setting({
    key: 'snapshots.time_threshold_seconds',
    env: ['ALLSOURCE_SNAPSHOTS_TIME_THRESHOLD_SECONDS'],
    flag: '--snapshots-time-threshold-seconds',
    placeholder: 'seconds',
    type: wholeNumber(timeThresholdSeconds.min, timeThresholdSeconds.max),
    default: timeThresholdSeconds.default,
    doc: 'Age at which a snapshot of an entity with newer events is followed by another one.',
  }),
  snapshotsPerEntityMax: setting({
    key: 'snapshots.per_entity_max',
    env: ['ALLSOURCE_SNAPSHOTS_PER_ENTITY_MAX'],
    flag: '--snapshots-per-entity-max',
    placeholder: 'number',
    type: wholeNumber(perEntityMax.min, perEntityMax.max),
    default: perEntityMax.default,
    doc: 'Snapshots of an entity that are listed, the newest ones.',
  }),
};

export const backupSettings = {
  backupDirectory: setting({
    key: 'backup.directory',
    env: ['ALLSOURCE_BACKUP_DIRECTORY'],
    flag: '--backup-directory',
    placeholder: 'dir',
    type: optionalPath(),
    default: '',
    doc: 'Directory of the backups; empty: `backups` in data_dir, which a lost disk takes along.',
  }),
  backupEveryHours: setting({
    key: 'backup.every_hours',
    env: ['ALLSOURCE_BACKUP_EVERY_HOURS'],
    flag: '--backup-every-hours',
    placeholder: 'hours',
    type: wholeNumber(backupRanges.everyHours.min, backupRanges.everyHours.max, ' (0 = never)'),
    default: backupRanges.everyHours.default,
    doc: 'Age of the newest backup at which the next one is made by itself.',
  }),
  backupFullEvery: setting({
    key: 'backup.full_every',
    env: ['ALLSOURCE_BACKUP_FULL_EVERY'],
    flag: '--backup-full-every',
    placeholder: 'number',
    type: wholeNumber(backupRanges.fullEvery.min, backupRanges.fullEvery.max),
    default: backupRanges.fullEvery.default,
    doc: 'Of those, each so many is a full one, and the others are incremental.',
  }),
  backupKeep: setting({
    key: 'backup.keep',
    env: ['ALLSOURCE_BACKUP_KEEP'],
    flag: '--backup-keep',
    placeholder: 'number',
    type: wholeNumber(backupRanges.keep.min, backupRanges.keep.max, ' (0 = all)'),
    default: backupRanges.keep.default,
    doc: 'Backups that stay when one was made by itself, the newest ones.',
  }),
};
