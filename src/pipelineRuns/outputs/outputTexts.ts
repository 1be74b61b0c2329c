import { createHash } from 'node:crypto';
import { AllSourceError } from '../../domain/index.js';
import type { Emission, PipelineDefinition } from '../../pipelines/index.js';
import type { PipelineSpace } from '../pipelineSpace.js';

const messageType = 'topic.message';
const resultType = 'pipeline.result';
/** Results for a webhook are of so many entities by their order key: in order within each. */
const orderHexDigits = 2;
/** Of an emission that an event at a position gave. */
const eventKey = /^e(\d{1,16})$/;
const positionHexDigits = 14;

type Output = PipelineDefinition['output'];

/** The tenant whose entities are the topics of a tenant. */
export function topicTenantOf(tenantId: string): string {
  return `$topics/${tenantId}`;
}

/** What comes out of a pipeline, as events in JSON text. */
export class OutputTexts {
  readonly #space: PipelineSpace;
  /** Hexadecimal digits of every id of this life. */
  readonly #prefix: string;
  #output: Output | undefined;
  #head = '';

  constructor(space: PipelineSpace) {
    this.#space = space;
    this.#prefix = hashOf(spaceText(space)).slice(0, 16);
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
    const payload = JSON.stringify(value);
    const id = this.#idOf(key);
    return output.type === 'event'
      ? `${this.#head}${time}},"eventId":"${id}","payload":${payload}}`
      : `${this.#head}"eventId":"${id}","payload":{"pipeline":${JSON.stringify(this.#space.id)},` +
          `"time":${time},"value":${payload}}}`;
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
    const position = eventKey.exec(key)?.[1];
    const rest =
      position === undefined
        ? `f${hashOf(`${spaceText(this.#space)}/${key}`).slice(0, positionHexDigits)}`
        : `0${Number(position).toString(16).padStart(positionHexDigits, '0')}`;
    const hex = this.#prefix;
    return (
      `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(12, 15)}-` +
      `8${rest.slice(0, 3)}-${rest.slice(3)}`
    );
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
