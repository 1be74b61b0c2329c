export { attachWebSocket, createApp } from './createApp.js';
export { type HttpServer, listen } from './listen.js';
export { createLogger, type Logger, type LoggerOptions } from './observe/index.js';
export type { IssuerOptions } from '../access/index.js';
export type { AuthOptions } from './auth/index.js';
export type { AppOptions, ListenOptions } from './options.js';
export { type StopOptions, stopOnSignals } from './signals.js';
