export * from './errors.js';
export * from './event.js';
export * from './filter.js';
export * from './limits.js';
export * from './timestamp.js';
export * from './cursor.js';
