import { parentPort } from 'node:worker_threads';
import { findingsAgainst } from '../compatibility/compatibility.js';
import { compileInFull } from '../validation/compileSchema.js';
import { linearMatcher } from '../validation/linearMatcher.js';
import type { ThreadAnswer, ThreadQuestion } from './schemaThread.js';

// The thread of schemaThread.ts.

function answerTo(question: ThreadQuestion): ThreadAnswer {
  try {
    if (question.kind === 'compile') {
      compileInFull(question.schema);
      return {};
    }
    const { earlier, next, mode } = question;
    return { findings: findingsAgainst([earlier], next, { mode, matches: linearMatcher() }) };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (question: ThreadQuestion) =>
  parentPort?.postMessage(answerTo(question)),
);
