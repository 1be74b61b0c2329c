export { StoreSql } from './storeSql.js';
export type { QueryRows } from './result/queryRows.js';
export { checkedPolicy as checkedSqlPolicy } from './policy.js';
export type { CheckedSqlPolicy } from './policy.js';
export { documentRowsDefault, queryBytesMax } from './limits.js';
export type * from './types.js';
