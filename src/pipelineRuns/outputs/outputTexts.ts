import { createHash } from 'node:crypto';
import { AllSourceError } from '../../domain/index.js';
import { RunningResult } from '../../pipelines/index.js';
import type { Emission, PipelineDefinition } from '../../pipelines/index.js';
import type { PipelineSpace } from '../pipelineSpace.js';
import { NumberTexts } from './numberTexts.js';

const messageType = 'topic.message';
const resultType = 'pipeline.result';
/** Results for a webhook are of so many entities by their order key: in order within each. */
const orderHexDigits = 2;
/** Begins the key of an emission that an event gave; its position follows. */
const eventKey = 'e';
const hashHexDigits = 14;

type Output = PipelineDefinition['output'];

/** The tenant whose entities are the topics of a tenant. */
export function topicTenantOf(tenantId: string): string {
  return `$topics/${tenantId}`;
}

/** What comes out of a pipeline, as events in JSON text. */
export class OutputTexts {
  readonly #space: PipelineSpace;
  /** With which every id of this life begins. */
  readonly #idHead: string;
  readonly #numbers = new NumberTexts();
  #output: Output | undefined;
  #head = '';

  constructor(space: PipelineSpace) {
    this.#space = space;
    const hex = hashOf(spaceText(space));
    this.#idHead = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(12, 15)}-`;
  }

  textOf({ key, output, value, orderKey, time }: Emission): string {
    // One output after another is the same, mostly.
    if (output.type === 'webhook') {
      this.#head = this.#headOf(output, orderKey);
      this.#output = undefined;
    } else if (!isSame(output, this.#output)) {
      this.#output = output;
      this.#head = this.#headOf(output);
    }
    const payload = RunningResult.textOf(value);
    const id = this.#idOf(key);
    const micros = this.#numbers.micros(time);
    return output.type === 'event'
      ? `${this.#head}${micros}},"eventId":"${id}","payload":${payload}}`
      : `${this.#head}"eventId":"${id}","payload":{"pipeline":${JSON.stringify(this.#space.id)},` +
          `"time":${micros},"value":${payload}}}`;
  }

  /** All that does not change from result to result. */
  #headOf(output: Output, orderKey = ''): string {
    const { tenantId, id, name } = this.#space;
    if (output.type === 'event') {
      const { entityId, eventType } = output;
      const metadata = { pipeline: name, pipeline_id: id, time: 0 };
      const head = JSON.stringify({ tenantId, entityId, eventType, metadata });
      return head.slice(0, -'0}}'.length);
    }
    const place =
      output.type === 'topic'
        ? { tenantId: topicTenantOf(tenantId), entityId: output.name, eventType: messageType }
        : {
            tenantId: this.#resultTenantOf(output.url),
            entityId: hashOf(orderKey).slice(0, orderHexDigits),
            eventType: resultType,
          };
    return `${JSON.stringify(place).slice(0, -1)},`;
  }

  #resultTenantOf(url: string): string {
    const tenantId = this.#space.resultTenants.get(url);
    if (tenantId !== undefined) return tenantId;
    throw new AllSourceError('internal_error', 'a result has a webhook that its pipeline lacks');
  }

  /** The same for the same result, however often it is made: a UUID of version 8 (RFC 9562). */
  #idOf(key: string): string {
    if (key.startsWith(eventKey)) {
      const position = Number(key.slice(eventKey.length));
      return `${this.#idHead}8000-${this.#numbers.hex(position)}`;
    }
    const hash = hashOf(`${spaceText(this.#space)}/${key}`).slice(0, hashHexDigits);
    return `${this.#idHead}8f${hash.slice(0, 2)}-${hash.slice(2)}`;
  }
}

function spaceText({ tenantId, id, generation }: PipelineSpace): string {
  return `${tenantId}/${id}/${generation}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isSame(a: Output, b: Output | undefined): boolean {
  if (a.type === 'event') {
    return b?.type === 'event' && a.entityId === b.entityId && a.eventType === b.eventType;
  }
  return a === b;
}
