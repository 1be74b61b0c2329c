import fc from 'fast-check';
import { expect } from 'vitest';
import { AllSourceError, AppendConditionError, openEventStore } from '../../src/index.js';
import type {
  AppendResult,
  EventMatch,
  EmbeddedStore,
  ExpectedVersion,
  OpenOptions,
  ReadOptions,
  StoredEvent,
} from '../../src/index.js';
import { collect, uuid } from '../support/store.js';
import { Model } from './model.js';
import type { ModelCondition, ModelEvent, ModelInput, ModelOutcome } from './model.js';

/** The store under test; `reopen` closes and opens it. */
export class Real {
  private constructor(
    readonly options: OpenOptions,
    public store: EmbeddedStore,
  ) {}

  static async open(options: OpenOptions): Promise<Real> {
    return new Real(options, await openEventStore(options));
  }

  async reopen(): Promise<void> {
    await this.store.close();
    this.store = await openEventStore(this.options);
  }
}

/** Events that a failed condition tells of. */
const matchEventsMax = 100;

type Command = fc.AsyncCommand<Model, Real>;

const tenantId = fc.constantFrom('default', 'default', 'two');
const entityId = fc.constantFrom('a', 'b', 'c', 'entity with blanks', 'ünï');
const eventType = fc.constantFrom('order.placed', 'order.paid', 'order', 'user');
const tag = fc.constantFrom('course:c1', 'course:c2', 'student:s1', 'ünï "quoted"');
const tags = fc.uniqueArray(tag, { maxLength: 3 });
const expectedVersion: fc.Arbitrary<ExpectedVersion> = fc.oneof(
  { weight: 3, arbitrary: fc.nat(6) },
  { weight: 1, arbitrary: fc.constantFrom('any', 'exists', 'none') },
);

const input: fc.Arbitrary<ModelInput> = fc.record(
  {
    tenantId,
    entityId,
    eventType,
    payload: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(1, 'x', { a: 1 }) },
      { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
    ),
    metadata: fc.constantFrom(null, null, { m: 1 }),
    tags: fc.option(tags, { nil: undefined }),
    eventId: fc.option(fc.nat(12).map(uuid), { nil: undefined, freq: 2 }),
    expectedVersion: fc.option(expectedVersion, { nil: undefined, freq: 3 }),
  },
  { requiredKeys: ['tenantId', 'entityId', 'eventType', 'payload', 'metadata'] },
) as fc.Arbitrary<ModelInput>;

function expectMatches(error: AppendConditionError, outcome: ModelOutcome): void {
  const matches = 'matches' in outcome ? (outcome.matches ?? []) : [];
  const expected = matches.slice(0, matchEventsMax);
  expect(error.events.map(comparable)).toEqual(expected.map(comparable));
  expect(error.position).toBeGreaterThanOrEqual(expected.at(-1)?.position ?? 0);
}

/** Runs an append and compares what came of it; the model learns ids and times. */
async function expectOutcome(
  outcome: ModelOutcome,
  append: () => Promise<readonly AppendResult[]>,
): Promise<void> {
  const results = await append().catch((error: unknown) => {
    if (!(error instanceof AllSourceError)) throw error;
    if (error instanceof AppendConditionError) expectMatches(error, outcome);
    return error.code;
  });
  if (!('events' in outcome)) {
    expect(results).toBe(outcome.code);
    return;
  }
  if (typeof results === 'string') throw new Error(`expected a result, got ${results}`);
  expect(results).toHaveLength(outcome.events.length);
  for (const [i, { event, isKnown }] of outcome.events.entries()) {
    const result = results[i];
    expect(result).toMatchObject({
      version: event.version,
      position: event.position,
      deduplicated: isKnown,
    });
    if (!isKnown) {
      event.eventId ??= result?.eventId;
      event.timestamp = result?.timestamp ?? 0;
    }
    expect(result).toMatchObject({ eventId: event.eventId, timestamp: event.timestamp });
  }
}

class Append implements Command {
  constructor(readonly input: ModelInput) {}
  check = (): boolean => true;
  async run(model: Model, { store }: Real): Promise<void> {
    const outcome = model.append([this.input]);
    await expectOutcome(outcome, async () => [await store.append(this.input)]);
  }
  toString = (): string => `append(${fc.stringify(this.input)})`;
}

/** Several calls of one turn: they cross to the engine together, and count in their order. */
class AppendTogether implements Command {
  constructor(readonly inputs: readonly ModelInput[]) {}
  check = (): boolean => true;
  async run(model: Model, { store }: Real): Promise<void> {
    const calls = this.inputs.map((input) => {
      const call = store.append(input);
      call.catch(() => undefined); // looked at below
      return { outcome: model.append([input]), call };
    });
    for (const { outcome, call } of calls) await expectOutcome(outcome, async () => [await call]);
  }
  toString = (): string => `together(${fc.stringify(this.inputs)})`;
}

interface ConditionChoice {
  readonly failIfEventsMatch: readonly EventMatch[];
  /** As a share of the log. */
  readonly after: number;
}

function conditionOf({ failIfEventsMatch, after }: ConditionChoice, model: Model): ModelCondition {
  return { failIfEventsMatch, after: Math.floor(after * (model.events.length + 1)) };
}

class AppendBatch implements Command {
  constructor(
    readonly inputs: readonly ModelInput[],
    readonly conditions: Readonly<Record<string, ExpectedVersion>>,
    readonly choice: ConditionChoice | undefined,
  ) {}
  check = (): boolean => true;
  async run(model: Model, { store }: Real): Promise<void> {
    const condition = this.choice && conditionOf(this.choice, model);
    const outcome = model.append(this.inputs, this.conditions, condition);
    const options = { conditions: this.conditions, ...condition };
    await expectOutcome(
      outcome,
      async () => (await store.appendBatch(this.inputs, options)).results,
    );
  }
  toString = (): string =>
    `batch(${[this.inputs, this.conditions, this.choice].map((one) => fc.stringify(one)).join()})`;
}

function comparable(event: StoredEvent | ModelEvent): unknown {
  const { tenantId, entityId, eventType, payload, metadata, tags, version, position, timestamp } =
    event;
  const id = 'id' in event ? event.id : event.eventId;
  // fast-check's JSON values may hold -0, which JSON text does not keep.
  const text = JSON.stringify([payload, metadata, tags]);
  return { id, tenantId, entityId, eventType, text, version, position, timestamp };
}

interface ReadChoice {
  readonly options: ReadOptions;
  /** Bounds as shares of the log: the times and positions there. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly asOf: number | undefined;
  readonly from: number | undefined;
  readonly pageEvents: number;
}

class Read implements Command {
  constructor(readonly choice: ReadChoice) {}
  check = (): boolean => true;

  async run(model: Model, { store }: Real): Promise<void> {
    const options = this.#optionsFor(model);
    const expected = model.read(options).map(comparable);
    expect((await collect(store.read(options))).map(comparable)).toEqual(expected);
    const lines = Buffer.concat(await collect(store.readNdjson(options))).toString();
    expect(lines.split('\n')).toHaveLength(expected.length + 1);
    const { limit: _, ...unlimited } = options;
    expect((await this.#pages(store, unlimited)).map(comparable)).toEqual(
      model.read(unlimited).map(comparable),
    );
  }

  #optionsFor({ events }: Model): ReadOptions {
    const { options, since, until, asOf, from } = this.choice;
    const at = (share: number | undefined): ModelEvent | undefined =>
      share === undefined ? undefined : events[Math.floor(share * events.length)];
    return {
      ...options,
      since: at(since)?.timestamp,
      until: at(until)?.timestamp,
      asOf: at(asOf)?.timestamp,
      fromPosition: at(from)?.position,
    };
  }

  async #pages(store: EmbeddedStore, options: ReadOptions): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await store.readPage({ ...options, limit: this.choice.pageEvents, cursor });
      events.push(...page.events);
      cursor = page.nextCursor;
    }
    return events;
  }

  toString = (): string => `read(${fc.stringify(this.choice)})`;
}

class State implements Command {
  constructor(
    readonly tenantId: string,
    readonly entityId: string,
  ) {}
  check = (model: Readonly<Model>): boolean => model.versionOf(this.tenantId, this.entityId) > 0;
  async run(model: Model, { store }: Real): Promise<void> {
    const { tenantId, entityId } = this;
    const state = await store.state(entityId, { tenantId });
    const history = model.read({ tenantId, entityId });
    expect(state).toMatchObject({ eventCount: history.length, version: history.length });
    const text = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    expect(state.currentState).toEqual(text(model.stateOf(tenantId, entityId)));
  }
  toString = (): string => `state(${this.tenantId}/${this.entityId})`;
}

/** Totals, lists and every id. */
class Survey implements Command {
  check = (): boolean => true;
  async run(model: Model, { store }: Real): Promise<void> {
    expect(store.watermark).toBe(model.events.length);
    for (const tenantId of ['default', 'two', 'nobody']) {
      const events = model.read({ tenantId });
      const entities = [...new Set(events.map((event) => event.entityId))];
      const types = [...new Set(events.map((event) => event.eventType))];
      expect(await store.stats({ tenantId })).toMatchObject({
        totalEvents: events.length,
        totalEntities: entities.length,
        totalEventTypes: types.length,
      });
      const listed = await store.entities({ tenantId });
      expect(listed.entities.map((item) => item.entityId)).toEqual(entities);
      const listedTypes = await store.eventTypes({ tenantId });
      expect(listedTypes.eventTypes.map((item) => item.eventType)).toEqual(types);
    }
    for (const { eventId = '', tenantId, position } of model.events) {
      expect((await store.getEvent(eventId, { tenantId }))?.position).toBe(position);
    }
    expect(await store.verify()).toMatchObject({ ok: true, events: model.events.length });
  }
  toString = (): string => 'survey()';
}

class Reopen implements Command {
  check = (): boolean => true;
  run = (_: Model, real: Real): Promise<void> => real.reopen();
  toString = (): string => 'reopen()';
}

const share = fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), {
  nil: undefined,
  freq: 1,
});
const read: fc.Arbitrary<ReadChoice> = fc.record({
  options: fc.record(
    {
      tenantId,
      entityId,
      eventType,
      eventTypePrefix: fc.constantFrom('', 'order', 'order.', 'x'),
      tags: fc.uniqueArray(tag, { maxLength: 2 }),
      order: fc.constantFrom('asc', 'desc'),
      limit: fc.nat(20),
    },
    { requiredKeys: [] },
  ),
  since: share,
  until: share,
  asOf: share,
  from: share,
  pageEvents: fc.integer({ min: 1, max: 9 }),
});

const free = input.map(({ eventId: _, expectedVersion: __, ...event }): ModelInput => ({
  ...event,
  tenantId: 'default',
}));
const match: fc.Arbitrary<EventMatch> = fc.record(
  {
    eventTypes: fc.array(eventType, { minLength: 1, maxLength: 2 }),
    entityIds: fc.array(entityId, { minLength: 1, maxLength: 2 }),
    tags: fc.uniqueArray(tag, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const condition: fc.Arbitrary<ConditionChoice> = fc.record({
  failIfEventsMatch: fc.array(match, { minLength: 1, maxLength: 3 }),
  after: fc.double({ min: 0.6, max: 0.999, noNaN: true }),
});

/** Random programs; a memory store is never reopened. */
export function programs(canReopen: boolean): fc.Arbitrary<Iterable<Command>> {
  const conditions = fc.dictionary(entityId, expectedVersion, { maxKeys: 2 });
  const commands: fc.Arbitrary<Command>[] = [
    input.map((event) => new Append(event)),
    fc.array(input, { minLength: 1, maxLength: 8 }).map((events) => new AppendTogether(events)),
    fc
      .tuple(
        fc.array(input, { minLength: 1, maxLength: 6 }),
        fc.oneof(fc.constant({}), conditions),
        fc.option(condition, { nil: undefined, freq: 1 }),
      )
      .map(([events, wanted, choice]) => new AppendBatch(events, wanted, choice)),
    // Most of the above fail on versions: here nothing but the condition decides.
    fc.tuple(free, condition).map(([event, choice]) => new AppendBatch([event], {}, choice)),
    fc.tuple(free, condition).map(([event, choice]) => new AppendBatch([event], {}, choice)),
    read.map((choice) => new Read(choice)),
    fc.tuple(tenantId, entityId).map(([tenant, entity]) => new State(tenant, entity)),
    fc.constant(new Survey()),
    ...(canReopen ? [fc.constant(new Reopen())] : []),
  ];
  return fc.commands(commands, { maxCommands: 60, size: '+1' });
}
