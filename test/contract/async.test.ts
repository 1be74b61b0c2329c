import { durableMode } from '../support/store.js';
import { describeStoreContract } from './storeContract.js';

describeStoreContract('a store that is durable: async', durableMode('async'));
