import { randomUUID } from 'node:crypto';
import { AllSourceError, closedError, partitionCount, systemTenant } from '../domain/index.js';
import type { JsonValue, NewEvent } from '../domain/index.js';
import { RecordedState, readRecords } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { RunningConsumer } from './consumer.js';
import { definitionOf, differences, fromPayload, optionNumber, toPayload } from './definition.js';
import type { ConsumerDefinition, ConsumerOptions } from './definition.js';
import type {
  ConsumerHandler,
  ConsumerInfo,
  EmbeddedConsumers,
  HandlerOptions,
  OfTenant,
} from './types.js';
import { HandlerWorker } from './worker.js';

const createdType = 'consumer.created';
const deletedType = 'consumer.deleted';
/** A store that closes waits so long for handlers that are under way. */
const handlersEndMsMax = 30_000;
const concurrencyRange = { min: 1, max: partitionCount, default: partitionCount };

interface ConsumerName extends OfTenant {
  readonly name: string;
}

/** The consumers of a store, by name. */
export class ConsumerRegistry implements EmbeddedConsumers {
  readonly #log: SystemAccess;
  readonly #byName = new Map<string, RunningConsumer>();
  readonly #workers = new Set<HandlerWorker>();
  readonly #state: RecordedState;

  constructor(log: SystemAccess) {
    this.#log = log;
    this.#state = new RecordedState(log, () => this.#read());
  }

  create(options: ConsumerOptions): Promise<ConsumerInfo> {
    return this.#state.inTurn(async () => (await this.#createConsumer(options)).describe());
  }

  async list(options: OfTenant = {}): Promise<ConsumerInfo[]> {
    await this.#state.load();
    const { tenantId = 'default' } = options;
    const infos = [...this.#byName.values()].map((consumer) => consumer.describe());
    return infos
      .filter((info) => info.tenantId === tenantId)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async all(): Promise<ConsumerInfo[]> {
    await this.#state.load();
    const named = [...this.#byName].sort(([a], [b]) => (a < b ? -1 : 1));
    return named.map(([, consumer]) => consumer.describe());
  }

  async get(name: string, options: OfTenant = {}): Promise<RunningConsumer> {
    await this.#state.load();
    const consumer = this.#byName.get(keyOf({ name, ...options }));
    if (consumer === undefined) throw notFound(name);
    return consumer;
  }

  delete(name: string, options: OfTenant = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const consumer = await this.get(name, options);
      await this.#log.append([recordOf(deletedType, consumer.definition)]);
      this.#byName.delete(keyOf({ name, ...options }));
      await consumer.close(notFound(name));
    });
  }

  async seek(
    name: string,
    to: NonNullable<ConsumerOptions['from']>,
    options: OfTenant = {},
  ): Promise<ConsumerInfo> {
    const consumer = await this.get(name, options);
    await seekTo(this.#log, consumer, to);
    return consumer.describe();
  }

  /** Makes a consumer if it is not there, and handles its events in this process. */
  async start(
    name: string,
    handler: ConsumerHandler,
    options: HandlerOptions = {},
  ): Promise<HandlerWorker> {
    const { concurrency: wanted, ...rest } = options;
    const concurrency = optionNumber('concurrency', wanted, concurrencyRange);
    const consumer = await this.#state.inTurn(() => this.#createConsumer({ ...rest, name }));
    const worker = new HandlerWorker(consumer, handler, { member: randomUUID(), concurrency });
    this.#workers.add(worker);
    const forget = (): void => void this.#workers.delete(worker);
    worker.done.then(forget, forget);
    return worker;
  }

  /**
   * Stops the workers and writes the cursors; the log must still take appends. A handler that does not end
   * in time is left alone: nothing that it does is recorded any more, and its event comes again.
   */
  async close(): Promise<void> {
    const stopped = Promise.all([...this.#workers].map((worker) => worker.stop()));
    await endedOrOver(stopped, handlersEndMsMax);
    const consumers = [...this.#byName.values()];
    await Promise.all(consumers.map((consumer) => consumer.close(closedError())));
  }

  async #createConsumer(options: ConsumerOptions): Promise<RunningConsumer> {
    const definition = definitionOf(options, randomUUID());
    const known = this.#byName.get(keyOf(definition));
    if (known !== undefined) {
      const different = differences(known.definition, definition);
      if (different.length === 0) return known;
      throw new AllSourceError(
        'consumer_exists',
        `${definition.name}: there is a consumer of this name with another ${different.join(', ')}; ` +
          'take another name, or delete it first',
      );
    }
    return this.#add(definition, options.from ?? 'beginning');
  }

  async #add(
    definition: Omit<ConsumerDefinition, 'start'>,
    from: NonNullable<ConsumerOptions['from']>,
  ): Promise<RunningConsumer> {
    const { tenantId, filter } = definition;
    const start = await cursorBefore(this.#log, { tenantId, filter, from });
    const full = { ...definition, start };
    await this.#log.append([recordOf(createdType, full)]);
    const consumer = await RunningConsumer.load(this.#log, full);
    this.#byName.set(keyOf(definition), consumer);
    return consumer;
  }

  /** Records again what is kept about all consumers, before what it is recorded in is dropped. */
  rewrite(): Promise<void> {
    return this.#state.inTurn(async () => {
      for (const consumer of this.#byName.values()) {
        await this.#log.append([recordOf(createdType, consumer.definition)]);
        await consumer.rewrite();
      }
    });
  }

  async #read(): Promise<void> {
    const types = { recorded: createdType, deleted: deletedType };
    const { kept } = await readRecords<JsonValue>(this.#log, types);
    for (const definition of kept.map(fromPayload)) {
      const consumer = await RunningConsumer.load(this.#log, definition);
      this.#byName.set(keyOf(definition), consumer);
    }
  }
}

/** Throws `invalid_query`. */
export async function seekTo(
  log: SystemAccess,
  consumer: RunningConsumer,
  to: NonNullable<ConsumerOptions['from']>,
): Promise<void> {
  const { tenantId, filter } = consumer.definition;
  await consumer.seek(await cursorBefore(log, { tenantId, filter, from: to }));
}

/** The position behind which a consumer begins that is to begin somewhere; throws `invalid_query`. */
export async function cursorBefore(
  log: SystemAccess,
  options: Pick<ConsumerOptions, 'tenantId' | 'filter' | 'from'>,
): Promise<number> {
  const { tenantId = 'default', from = 'beginning' } = options;
  // Also checks filter and position.
  const first = log.firstPosition(options);
  if (typeof from !== 'object') return first - 1;
  return ((await log.positionAt(tenantId, from.timestamp)) ?? log.watermark + 1) - 1;
}

/** Resolves once something has ended, or the time is over. */
async function endedOrOver(ended: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([ended, over]).finally(() => clearTimeout(timer));
}

function recordOf(eventType: string, definition: ConsumerDefinition): NewEvent {
  const entityId = `consumer/${definition.key}`;
  const payload = eventType === createdType ? toPayload(definition) : {};
  return { tenantId: systemTenant, entityId, eventType, payload };
}

function keyOf({ tenantId = 'default', name }: ConsumerName): string {
  return `${tenantId}/${name}`;
}

function notFound(name: string): AllSourceError {
  return new AllSourceError('consumer_not_found', `there is no consumer ${JSON.stringify(name)}`);
}
