export { ColumnReader } from './columnReader.js';
export { columnNames, fieldsMax } from './columnPlan.js';
export type { ArrowOptions, ColumnField, ColumnsOptions } from './columnPlan.js';
export type { ColumnName, FieldType } from '../eventStore/index.js';
