import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../run/eventFailure.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';
import { ThreadFold } from './threadFold.js';
import { threadProjection } from './threadProjection.js';

// The thread of partitionThread.ts.

const tell = (message: FromThread): void => parentPort?.postMessage(message);
// Only partitionThread.ts starts it.
const data = workerData as ThreadData;

try {
  const fold = new ThreadFold(await threadProjection(data), data, tell);
  parentPort?.on('message', (message: ToThread) => fold.take(message));
  tell({ kind: 'ready' });
} catch (error) {
  tell({ kind: 'refusal', reason: reasonOf(error) });
}
