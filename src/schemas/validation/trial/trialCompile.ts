import type { JsonSchema } from '../../jsonSchema.js';
import { refuseFor } from '../document/refusal.js';
import { trialTimeoutMs } from '../limits.js';
import { TrialThread } from './trialThread.js';

export interface TrialOptions {
  /** Name of the schema in messages. @default 'schema' */
  readonly field?: string | undefined;
  /** Time it may take, the start of the thread included. @default 10000 */
  readonly timeoutMs?: number | undefined;
}

const thread = new TrialThread();

/**
 * Compiles a checked schema in a worker thread that is ended where it takes too long or too much memory:
 * resolves where it compiles, else rejects with `validation_error`. The static bounds keep real time far
 * below; this is the net under them. One schema at a time.
 */
export async function trialCompile(schema: JsonSchema, options: TrialOptions = {}): Promise<void> {
  const { field = 'schema', timeoutMs = trialTimeoutMs } = options;
  const { reason } = await thread.compile(schema, timeoutMs);
  if (reason !== undefined) {
    refuseFor(field)('', `expected a schema that compiles, got: ${reason}; make it simpler`);
  }
}
