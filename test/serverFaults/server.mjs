// The server of the sweep, as `allsource serve` starts it but with segments below the smallest of its
// setting: seals, index files and merges then come often. Prints its address when it listens.
import { pathToFileURL } from 'node:url';

const [packageRoot, dataDir, segmentBytesText] = process.argv.slice(2);
const { openEventStore } = await import(pathToFileURL(`${packageRoot}/dist/index.js`).href);
const { createLogger, listen, stopOnSignals } = await import(
  pathToFileURL(`${packageRoot}/dist/server/index.js`).href
);

const store = await openEventStore({ dataDir, segmentBytesMax: Number(segmentBytesText) });
const server = await listen(store, { port: 0, logger: createLogger({ level: 'silent' }) });
stopOnSignals({
  close: async () => {
    await server.close();
    await store.close();
  },
  onSignal: () => undefined,
  onError: (error) => console.error('closing:', error.code ?? error),
});
process.stdout.write(`${server.url}\n`);
