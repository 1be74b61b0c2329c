import { Type } from '@sinclair/typebox';
import { compactionStrategies } from '../../domain/index.js';
import { count, timestamp } from './formats.js';

const strict = { additionalProperties: false };

const strategy = Type.Union(
  compactionStrategies.map((name) => Type.Literal(name)),
  { description: 'Which files are merged' },
);
const milliseconds = Type.Number({ minimum: 0 });
const optionalTime = Type.Union([timestamp, Type.Null()]);

export const newCompaction = Type.Object(
  { strategy: Type.Optional(strategy) },
  { ...strict, $id: 'NewCompaction' },
);

export const compactionReport = Type.Object(
  {
    files_written: Type.Integer({
      minimum: 0,
      description: 'Sealed segments of the log that got a file',
    }),
    events_written: count,
    files_compacted: Type.Integer({ minimum: 0, description: 'Merged into larger ones' }),
    bytes_before: count,
    bytes_after: count,
    events_compacted: count,
    duration_ms: milliseconds,
  },
  { ...strict, $id: 'CompactionReport' },
);

export const compactionStats = Type.Object(
  {
    stats: Type.Object(
      {
        total_compactions: Type.Integer({ minimum: 0, description: 'That merged files' }),
        total_files_compacted: count,
        total_bytes_before: count,
        total_bytes_after: count,
        total_events_compacted: count,
        last_compaction_duration_ms: milliseconds,
        space_saved_bytes: Type.Integer({ description: 'Bytes before, less bytes after' }),
      },
      strict,
    ),
    config: Type.Object(
      {
        min_files_to_compact: count,
        target_file_size: count,
        max_file_size: count,
        small_file_threshold: count,
        compaction_interval_seconds: count,
        auto_compact: Type.Boolean(),
        strategy,
      },
      strict,
    ),
  },
  { ...strict, $id: 'CompactionStats' },
);

export const parquetFileList = Type.Object(
  {
    files: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          first_position: count,
          last_position: count,
          first_timestamp: optionalTime,
          last_timestamp: optionalTime,
          event_count: count,
          size_bytes: count,
          sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
          created_at: timestamp,
        },
        strict,
      ),
      { description: 'In the order of the log' },
    ),
    total: count,
  },
  { ...strict, $id: 'ParquetFileList' },
);

export const parquetReport = Type.Object(
  {
    ok: Type.Boolean(),
    files: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          event_count: count,
          size_bytes: count,
          damage: Type.Union([Type.String(), Type.Null()]),
        },
        strict,
      ),
    ),
  },
  { ...strict, $id: 'ParquetReport' },
);

export const compactionDocuments = [
  newCompaction,
  compactionReport,
  compactionStats,
  parquetFileList,
  parquetReport,
];
