import { memoryMode } from '../support/store.js';
import { describeStoreContract } from './storeContract.js';

describeStoreContract('a store in memory', memoryMode);
