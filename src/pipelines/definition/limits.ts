/** Bounds of a definition. Ranges are also what is told in the reason of a refusal. */

export const operatorsMax = 32;
export const sourceTypesMax = 100;
export const descriptionCharactersMax = 1_000;
export const urlCharactersMax = 2_048;
export const groupFieldsMax = 8;
export const enrichFieldsMax = 100;
export const branchesMax = 100;
/** Values of an `in`. */
export const inValuesMax = 1_000;
export const tableRowsMax = 10_000;
export const tableBytesMax = 1024 * 1024;
/** The whole definition as JSON, so that it is well below the size of an event. */
export const definitionBytesMax = 1536 * 1024;
/** Panes that one event of a sliding window is in. */
export const panesPerEventMax = 1_000;

const yearSeconds = 31_536_000;

export const windowSeconds = { min: 1, max: yearSeconds } as const;
export const latenessSeconds = { min: 0, max: yearSeconds, default: 0 } as const;
export const sessionSeconds = { min: 1, max: yearSeconds, default: 300 } as const;
export const groupsRange = { min: 1, max: 1_000_000, default: 10_000 } as const;
export const httpTimeoutMs = { min: 1, max: 60_000, default: 2_000 } as const;
export const httpCacheSeconds = { min: 0, max: 86_400, default: 60 } as const;
