export { ClientAddresses } from './clientAddress.js';
export { LoginLimits } from './loginLimits.js';
export { RateLimits, type RateState, mustBeLeft, rateHeaders } from './rateLimits.js';
export { RetryLaterError } from './retryLater.js';
