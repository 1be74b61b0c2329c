export { isPublicAddress } from './addresses.js';
export { AddressRefused, addressProblem, checkedUrl, sendRequest } from './request.js';
