import { AsyncByteQueue, RecordBatchStreamWriter } from 'apache-arrow';
import type { RecordBatch, Schema } from 'apache-arrow';

/** What a writer has written, until somebody takes it. */
class Written extends AsyncByteQueue {
  #pieces: Uint8Array[] = [];

  override write(piece: Uint8Array): void {
    this.#pieces.push(piece);
  }

  take(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}

/** An Arrow IPC stream (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format). */
export async function* ipcStream(
  schema: Schema,
  batches: AsyncIterable<RecordBatch> | Iterable<RecordBatch>,
): AsyncGenerator<Uint8Array> {
  const written = new Written();
  const writer = new RecordBatchStreamWriter();
  writer.reset(written, schema);
  for await (const batch of batches) {
    writer.write(batch);
    yield* written.take();
  }
  writer.finish();
  yield* written.take();
}
