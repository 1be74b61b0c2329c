import { AllSourceError, formatTimestamp } from '../domain/index.js';
import type { JsonValue } from '../domain/index.js';
import { checkedLimit, textOf } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type {
  ParkedEvent,
  ProjectedState,
  ProjectionHandle,
  ProjectionInfo,
  StateListOptions,
  StatePage,
} from './types.js';

export const builtInNames = ['entity_snapshots', 'event_counters'] as const;
export type BuiltInName = (typeof builtInNames)[number];

interface NamedState {
  readonly key: string;
  readonly state: JsonValue;
}

/** What the index tells without being asked before: such a projection is never behind. */
interface View {
  get(key: string): Promise<JsonValue | undefined>;
  list(page: { prefix: string; firstPosition: number; limit: number }): Promise<{
    readonly states: readonly NamedState[];
    readonly nextPosition: number;
  }>;
}

/** A projection that is answered from the log and its index. */
export class BuiltInProjection implements ProjectionHandle {
  readonly name: BuiltInName;
  readonly #log: SystemAccess;
  readonly #tenantId: string;
  readonly #view: View;

  constructor(log: SystemAccess, name: BuiltInName, tenantId: string) {
    this.name = name;
    this.#log = log;
    this.#tenantId = tenantId;
    this.#view =
      name === 'entity_snapshots' ? mergedEntities(log, tenantId) : countedTypes(log, tenantId);
  }

  describe(): ProjectionInfo {
    return {
      name: this.name,
      tenantId: this.#tenantId,
      version: 1,
      kind: 'built_in',
      status: 'running',
      position: this.#log.watermark,
      lag: 0,
      eventsProcessed: 0,
      eventsFailed: 0,
      eventsParked: 0,
      failure: null,
      rebuild: null,
    };
  }

  async info(): Promise<ProjectionInfo> {
    this.#log.mustBeOpen();
    return this.describe();
  }

  async get(key: string): Promise<ProjectedState<JsonValue> | undefined> {
    this.#log.mustBeOpen();
    const position = this.#log.watermark;
    const state = await this.#view.get(textOf(key, 'key'));
    return state === undefined ? undefined : { key, state, position };
  }

  async list(options: StateListOptions = {}): Promise<StatePage<JsonValue>> {
    this.#log.mustBeOpen();
    const { prefix = '', cursor, limit = 100 } = options;
    checkedLimit(limit, 1, 10_000, 'limit');
    const firstPosition =
      cursor === undefined ? 1 : checkedLimit(Number(cursor), 1, Number.MAX_SAFE_INTEGER, 'cursor');
    const position = this.#log.watermark;
    const { states, nextPosition } = await this.#view.list({ prefix, firstPosition, limit });
    return { states, position, nextCursor: nextPosition === 0 ? null : String(nextPosition) };
  }

  async waitFor(
    position: number,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    await this.#log.reached(position, options.signal);
  }

  async parked(): Promise<readonly ParkedEvent[]> {
    this.#log.mustBeOpen();
    return [];
  }

  pause(): Promise<never> {
    return this.#refuse();
  }
  resume(): Promise<never> {
    return this.#refuse();
  }
  rebuild(): Promise<never> {
    return this.#refuse();
  }
  beginRebuild(): Promise<never> {
    return this.#refuse();
  }
  stop(): Promise<never> {
    return this.#refuse();
  }

  async #refuse(): Promise<never> {
    this.#log.mustBeOpen();
    const message = `${this.name} is answered from the log itself: it always runs, and is never behind`;
    throw new AllSourceError('unprocessable', message);
  }
}

/** Of each entity its payloads merged key by key. */
function mergedEntities(log: SystemAccess, tenantId: string): View {
  const get = async (key: string): Promise<JsonValue | undefined> => {
    const answer = await log.mergedState(key, { tenantId });
    return answer && (JSON.parse(answer.bytes.toString()) as JsonValue);
  };
  return {
    get,
    list: async (page) => {
      const { items, nextPosition } = log.namesOf(tenantId, page);
      const states: NamedState[] = [];
      for (const { entityId: key } of items) states.push({ key, state: (await get(key)) ?? null });
      return { states, nextPosition };
    },
  };
}

/** Of each event type how many events there are, and when the first and the last one came. */
function countedTypes(log: SystemAccess, tenantId: string): View {
  const list = (page: { prefix: string; firstPosition: number; limit: number }) => {
    const { items, nextPosition } = log.typesOf(tenantId, page);
    const states = items.map(({ eventType: key, eventCount, firstTimestamp, lastTimestamp }) => ({
      key,
      state: {
        count: eventCount,
        first_timestamp: formatTimestamp(firstTimestamp),
        last_timestamp: formatTimestamp(lastTimestamp),
      },
    }));
    return { states, nextPosition };
  };
  return {
    get: async (key) => {
      for (let firstPosition = 1; firstPosition !== 0;) {
        const { states, nextPosition } = list({ prefix: key, firstPosition, limit: 100 });
        const found = states.find((one) => one.key === key);
        if (found !== undefined) return found.state;
        firstPosition = nextPosition;
      }
      return undefined;
    },
    list: async (page) => list(page),
  };
}
