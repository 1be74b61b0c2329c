export * from './port.js';
export { fromNative, nativeError, refusalError } from './errors.js';
export { loadAddon, packageVersion } from './load.js';
