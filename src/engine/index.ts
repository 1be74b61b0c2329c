export * from './port.js';
export { MatchedEvents, calling, fromNative, nativeError, refusalError } from './errors.js';
export { letOthersGoFirst, loadAddon, packageVersion } from './load.js';
