export const duckPackage = '@duckdb/node-api';
/** Bytes of the text of a query. */
export const queryBytesMax = 65_536;
/** Queries that are worked on at a time, and that may wait for their turn. */
export const queriesAtOnce = 2;
export const queriesWaitingMax = 100;
/** Rows of an answer over HTTP that is one JSON document, where the request does not say. */
export const documentRowsDefault = 10_000;
/** Part of the memory of all queries that events outside of Parquet files may take, of 100. */
export const tailPercent = 50;

// Of the plan of a query, which nothing ends while it is made.

/** Tables and SELECTs, as often as they are named. One of 2^13 ended well, one of 2^16 did not end. */
export const tablesMax = 2_000;
/** Columns of a table, or parts of a value. */
export const columnsMax = 10_000;
/** Expressions in the place of one name. */
export const expressionsMax = 100_000;
/** Expressions one in the other: 100 take 55 ms, 450 take 3.6 s. */
export const nestedMax = 100;
/** Sum of expressions times how deep they are nested, over the whole text: less than two seconds. */
export const nestedSumMax = 1_000_000;
