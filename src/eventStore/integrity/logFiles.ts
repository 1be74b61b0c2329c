import { fromNative, proofKind } from '../../engine/index.js';
import type { NativeCopiedFile, NativeHeldLog, NativeJob } from '../../engine/index.js';
import type { StoreCore } from '../storeCore.js';

interface CopiedFiles {
  readonly numbers: readonly number[];
  readonly others: readonly NativeCopiedFile[];
  readonly directory: string;
}

/** The files of a store's log, for who copies them. */
export class LogFiles {
  readonly #core: StoreCore;
  /** False where the store is in memory. */
  readonly hasFiles: boolean;

  constructor(core: StoreCore, { hasFiles }: { hasFiles: boolean }) {
    this.#core = core;
    this.hasFiles = hasFiles;
  }

  /** As they are now; they can be copied until they are released. One at a time. */
  async hold(): Promise<NativeHeldLog> {
    this.#core.mustBeOpen();
    return this.#calling(() => this.#core.native.holdLog());
  }

  /** Copies held files by their numbers, and others behind them; the SHA-256 of each. */
  copy(job: NativeJob, { numbers, others, directory }: CopiedFiles): Promise<readonly string[]> {
    return this.#calling(() =>
      this.#core.native.copyHeld(job, Float64Array.from(numbers), others, directory),
    );
  }

  release(): Promise<void> {
    return this.#calling(() => this.#core.native.releaseLog());
  }

  /** The Merkle root of the first events of the log. */
  async rootHash(size: number): Promise<string> {
    const root = await this.#calling(() => this.#core.native.prove(proofKind.root, '', 0, size));
    return root.toString('hex');
  }

  async #calling<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw fromNative(error);
    }
  }
}
