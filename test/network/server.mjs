// The server that is killed: on a port and a directory that are given, with pings so often that a
// stalled connection is noticed soon.
//
//   ready               it listens
//   taken               the port is somebody else's
import { openEventStore } from '../../dist/index.js';
import { createLogger, listen } from '../../dist/server/index.js';

const [dataDir, port, streamPingMs] = process.argv.slice(2);
const store = await openEventStore({
  dataDir,
  segmentBytesMax: 256 * 1024,
  // Positions are compared.
  snapshots: { automatic: false },
});
try {
  await listen(store, {
    port: Number(port),
    logger: createLogger({ level: 'silent' }),
    processMetrics: false,
    streamPingMs: Number(streamPingMs),
  });
  process.stdout.write('ready\n');
} catch (error) {
  if (error.code !== 'invalid_configuration') throw error;
  process.stdout.write('taken\n');
  await store.close();
}
