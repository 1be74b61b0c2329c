import { AllSourceError, isJsonObject } from '../../domain/index.js';
import type { RecordEntry, SystemAccess } from '../../eventStore/index.js';
import { keyOfEntry } from './pipelineRecord.js';
import type { PipelineInfo } from '../types.js';

/** A pipeline that is in the log, and that the store can't go on with. It is kept as it was recorded. */
export class BrokenPipeline {
  readonly id: string;
  readonly tenantId: string;
  readonly entry: RecordEntry;
  readonly #reason: string;

  constructor(entry: RecordEntry, reason: string) {
    const [tenantId = '', id = ''] = keyOfEntry(entry).split('/');
    this.tenantId = tenantId;
    this.id = id;
    this.entry = entry;
    this.#reason = reason;
  }

  describe({ watermark }: Pick<SystemAccess, 'watermark'>): PipelineInfo {
    const { record } = this.entry;
    const { definition } = isJsonObject(record) ? record : {};
    const name =
      definition !== undefined && isJsonObject(definition) ? definition['name'] : undefined;
    return {
      id: this.id,
      tenantId: this.tenantId,
      name: typeof name === 'string' ? name : this.id,
      status: 'failed',
      definition: null,
      position: 0,
      lag: watermark,
      statistics: nothing,
      lastProcessed: null,
      failure: this.#reason,
    };
  }

  /** What those are told who ask more of it than what it is. */
  error(): AllSourceError {
    const message = `pipeline ${this.id} can't go on: ${this.#reason}; resume it to try again, or delete it`;
    return new AllSourceError('unprocessable', message);
  }
}

const nothing = {
  ...{ processed: 0, filtered: 0, failed: 0, late: 0, emitted: 0, evicted: 0 },
  ...{ openPanes: 0, position: 0 },
};
