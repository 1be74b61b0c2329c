export { ColumnReader } from './columnReader.js';
export { countedArrow, mergedParquet, parquetOfArrow, parquetRows } from './arrowStreams.js';
export { columnNames, fieldsMax } from './columnPlan.js';
export type { ArrowOptions, ColumnField, ColumnsOptions } from './columnPlan.js';
export type { ColumnName, FieldType } from '../eventStore/index.js';
export type { RecordBatch } from 'apache-arrow';
export { readArrays } from './arrays.js';
export type { ArraysBatch, ArraysWanted, CodedTexts, JsonColumn, Texts } from './arrays.js';
