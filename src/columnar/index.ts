export { ColumnReader } from './columnReader.js';
export { columnNames } from './columnPlan.js';
export type { ColumnField, ColumnsOptions } from './columnPlan.js';
