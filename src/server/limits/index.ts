export { RateLimits, type RateState, mustBeLeft, rateHeaders } from './rateLimits.js';
