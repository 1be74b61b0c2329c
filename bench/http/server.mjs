// The server under test in a process of its own: node server.mjs DATA_DIR. Tells its parent where
// it listens, and on the message `stop` what it did.
import process from 'node:process';

import { openEventStore } from '../../dist/index.js';
import { listen } from '../../dist/server/index.js';
import { describeCommits } from '../throughput/openBenchStore.mjs';

// Where the parent is killed, the server must not stay behind.
process.once('disconnect', () => process.exit());

const [, , dataDir] = process.argv;
const store = await openEventStore({ dataDir });
const server = await listen(store, { host: '127.0.0.1', port: 0 });

process.once('message', async () => {
  const { totalEvents } = await store.stats();
  const cpu = process.cpuUsage();
  const commits = describeCommits(store.counters());
  await server.close();
  await store.close();
  process.send?.({ totalEvents, cpuSeconds: (cpu.user + cpu.system) / 1e6, ...commits });
  process.disconnect();
});
process.send?.({ url: server.url });
