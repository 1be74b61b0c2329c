import { AllSourceError } from '../domain/index.js';
import type { ColumnRequest, ColumnsChunk, RowsRange, SystemAccess } from '../eventStore/index.js';

export interface ChunksWanted {
  readonly range: RowsRange;
  readonly request: ColumnRequest;
  readonly batchRows: number;
  readonly signal?: AbortSignal | undefined;
}

/** Batches as the engine fills them; the next one is made while the reader has the one before. */
export async function* chunksOf(
  system: SystemAccess,
  { range, request, batchRows, signal }: ChunksWanted,
): AsyncGenerator<ColumnsChunk> {
  const next = () => system.nextColumns(range, request, batchRows);
  let coming: Promise<ColumnsChunk | undefined> = next();
  try {
    for (;;) {
      const chunk = await coming;
      if (signal?.aborted === true) throw aborted(signal);
      if (chunk === undefined) return;
      coming = next();
      if (chunk.count > 0) yield chunk;
    }
  } finally {
    // Nobody waits for it any more.
    coming.catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): AllSourceError {
  return new AllSourceError('aborted', 'the read of columns was aborted', { cause: signal.reason });
}
