import { parentPort, workerData } from 'node:worker_threads';
import type { JsonSchema } from '../jsonSchema.js';
import { compileInFull } from './compileSchema.js';
import type { TrialAnswer } from './trialCompile.js';

// The thread of trialCompile.ts.

function answer(): TrialAnswer {
  try {
    // trialCompile gives a schema.
    compileInFull(workerData as JsonSchema);
    return {};
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(answer());
