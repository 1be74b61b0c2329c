export { ColumnReader, arrowSchema } from './columnReader.js';
export type { Archive, ArchiveWanted } from './columnReader.js';
export {
  arrowPieces,
  arrowStream,
  countedArrow,
  mergedParquet,
  parquetOfArrow,
  parquetRows,
  recordBatches,
  takeRows,
  parquetUpTo,
} from './arrowStreams.js';
export { columnNames, fieldsMax } from './columnPlan.js';
export type { ArrowOptions, ColumnField, ColumnsOptions } from './columnPlan.js';
export type { ColumnName, FieldType } from '../eventStore/index.js';
export type { RecordBatch } from 'apache-arrow';
export { readArrays } from './arrays.js';
export type { ArraysBatch, ArraysWanted, CodedTexts, JsonColumn, Texts } from './arrays.js';
