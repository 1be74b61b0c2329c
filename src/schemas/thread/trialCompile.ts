import type { JsonSchema } from '../jsonSchema.js';
import { refuseFor } from '../validation/document/refusal.js';
import { threadTimeoutMs, trialStackMiB } from '../validation/limits.js';
import { SchemaThread } from './schemaThread.js';

export interface TrialOptions {
  /** Name of the schema in messages. @default 'schema' */
  readonly field?: string | undefined;
  /** Time it may take, the start of the thread included. @default 10000 */
  readonly timeoutMs?: number | undefined;
}

/** What compilations leave behind is bounded. */
const thread = new SchemaThread({ stackMiB: trialStackMiB, questionsMax: 64 });

/**
 * Compiles a checked schema in a worker thread that is ended where it takes too long or too much memory:
 * resolves where it compiles, else rejects with `validation_error`. The static bounds keep real time far
 * below; this is the net under them. One schema at a time.
 */
export async function trialCompile(schema: JsonSchema, options: TrialOptions = {}): Promise<void> {
  const { field = 'schema', timeoutMs = threadTimeoutMs } = options;
  const { reason } = await thread.ask({ kind: 'compile', schema }, timeoutMs);
  if (reason !== undefined) {
    refuseFor(field)('', `expected a schema that compiles, got: ${reason}; make it simpler`);
  }
}
