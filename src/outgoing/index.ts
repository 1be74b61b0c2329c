export { isPublicAddress } from './addresses.js';
export { RequestRefused, addressProblem, checkedUrl, sendRequest } from './request.js';
export type { Answer } from './request.js';
