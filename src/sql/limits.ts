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
