export { createLogger, type Logger, type LoggerOptions, logRequest } from './logging.js';
export { Metrics, type RouteMeter } from './metrics.js';
