import { onTestFinished } from 'vitest';
import { SystemAccess, openCore } from '../../../src/eventStore/index.js';
import { LogStorage } from '../../../src/projections/storage/logStorage.js';
import { describeStorage } from './contract.js';

describeStorage('the log', async () => {
  const core = await openCore({ memory: true }, { milestoneEvery: 0 });
  onTestFinished(() => core.close(async () => undefined));
  return new LogStorage(new SystemAccess(core));
});
