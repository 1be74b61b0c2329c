import { parentPort } from 'node:worker_threads';
import type { JsonSchema } from '../../jsonSchema.js';
import { compileInFull } from '../compileSchema.js';
import type { TrialAnswer } from './trialThread.js';

// The thread of trialThread.ts.

function answerTo(schema: JsonSchema): TrialAnswer {
  try {
    compileInFull(schema);
    return {};
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (schema: JsonSchema) => parentPort?.postMessage(answerTo(schema)));
