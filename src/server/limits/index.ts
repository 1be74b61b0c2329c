export { ClientAddresses } from './clientAddress.js';
export { RateLimits, type RateState, mustBeLeft, rateHeaders } from './rateLimits.js';
