export { isPublicAddress } from './addresses.js';
export { AddressRefused, checkedUrl, literalAddress, sendRequest } from './request.js';
export type { Answer } from './request.js';
