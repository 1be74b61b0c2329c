import { describe } from 'vitest';
import { durableMode, memoryMode } from '../support/store.js';
import { clientModeOf } from './clientMode.js';
import { describeParquet } from './parquet.js';
import { describeRetention } from './retention.js';
import { describeStoreContract } from './storeContract.js';

describeStoreContract('a store behind a server', clientModeOf(memoryMode));
describe('a store on disk behind a server', () => {
  describeParquet(clientModeOf(durableMode('sync')));
  describeRetention(clientModeOf(durableMode('sync')));
});
