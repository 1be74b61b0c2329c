import { formatTimestamp } from '../../domain/index.js';
import type { EventShape, JsonValue } from '../../domain/index.js';
import { outputsOf } from '../../pipelineRuns/index.js';
import type { DroppedEvent, TopicMessage } from '../../pipelineRuns/index.js';
import type { PipelineDefinition, PipelineStatistics } from '../../pipelines/index.js';
import { compare, isMatcher } from '../compare/compare.js';
import { describeError, failure, mustEqual } from '../compare/fail.js';
import { microsOf } from '../clock.js';
import { TestRun } from '../testRun.js';
import type { ExpectedCounts, ExpectedEmission, GivenEvent, ThroughOptions } from '../types.js';
import { countOf } from './deciderScenario.js';
import { caughtUp } from './projectionScenario.js';

const id = 'tested';
const deadlineMs = 10_000;

type Emitted = { readonly position: number; readonly at: string } & (
  | { readonly topic: string; readonly value: JsonValue }
  | { readonly eventType: string; readonly entityId: string; readonly payload: JsonValue }
);

interface Outcome {
  readonly emitted: readonly Emitted[];
  readonly statistics: PipelineStatistics;
  /** Which events were late or failed, and why. */
  readonly notes: readonly string[];
}

/** What a pipeline made of the given events. */
export class PipelineScenario {
  readonly #title: string;
  readonly #act: () => Promise<Outcome>;
  #outcome: Promise<Outcome> | undefined;

  constructor(
    definition: PipelineDefinition,
    events: readonly GivenEvent<EventShape>[],
    options: ThroughOptions,
  ) {
    this.#title = `given ${countOf(events)}, pipeline ${definition.name}`;
    this.#act = () => TestRun.with(events, (run) => process(run, definition, options));
  }

  /** Exactly these results came out, in this order; of each what is named counts. */
  async thenEmits(...expected: readonly ExpectedEmission[]): Promise<void> {
    const { emitted, notes } = await this.#run();
    const wanted = expected.map(expectedShape);
    const actual = emitted.map((emission, i) => actualShape(emission, wanted[i]));
    mustEqual({
      title: this.#title,
      what: differenceOf(wanted, actual),
      expected: numbered(wanted),
      actual: numbered(actual),
      notes,
    });
  }

  /** Nothing came out. */
  thenEmitsNothing(): Promise<void> {
    return this.thenEmits();
  }

  /** How many events were processed, filtered, late, and so on; what is left out does not count. */
  async thenCounts(expected: ExpectedCounts): Promise<void> {
    const { statistics, notes } = await this.#run();
    const names = Object.keys(expected) as (keyof ExpectedCounts)[];
    const actual = Object.fromEntries(names.map((name) => [name, statistics[name]]));
    const what = 'the counts are not as expected';
    mustEqual({ title: this.#title, what, expected, actual, notes });
  }

  #run(): Promise<Outcome> {
    this.#outcome ??= this.#act();
    return this.#outcome;
  }
}

async function process(
  run: TestRun,
  definition: PipelineDefinition,
  { until, projections = [] }: ThroughOptions,
): Promise<Outcome> {
  const { store } = run;
  const last = store.watermark;
  for (const projection of projections) {
    const failed = await caughtUp(await store.projections.start(projection), last);
    if (failed !== null) throw stuck(definition, `projection ${projection.name}: ${failed.reason}`);
  }
  const after = store.watermark;
  await store.pipelines.create({ ...definition, enabled: true }, { id, from: 'beginning' });
  await flush(run, definition);
  if (until !== undefined) {
    run.goOn(until, 'until');
    await flush(run, definition);
  }
  const { tenantId } = definition;
  const { statistics } = await store.pipelines.get(id, { tenantId });
  const emitted = await emittedOf(run, definition, { after, count: statistics.emitted });
  const dropped = await store.pipelines.dropped(id, { tenantId });
  return { emitted, statistics, notes: [...dropped].reverse().map((event) => noteOf(run, event)) };
}

async function flush({ store }: TestRun, definition: PipelineDefinition): Promise<void> {
  const { tenantId } = definition;
  const signal = AbortSignal.timeout(deadlineMs);
  try {
    await store.pipelines.flush(id, { tenantId, signal });
  } catch (error) {
    const { failure: reason } = await store.pipelines.get(id, { tenantId });
    throw stuck(definition, reason ?? describeError(error));
  }
}

function stuck({ name }: PipelineDefinition, reason: string): Error {
  const what = `it did not come to the end of the given events: ${reason}`;
  return failure({ title: `pipeline ${name}`, what, expected: 'results', actual: reason });
}

/** What came out behind a position, in the order of the log. */
async function emittedOf(
  run: TestRun,
  definition: PipelineDefinition,
  { after, count }: { readonly after: number; readonly count: number },
): Promise<readonly Emitted[]> {
  const events = (await run.eventsFrom(after + 1, definition.tenantId)).flatMap((event) => {
    const { position, eventType, entityId, payload, metadata } = event;
    if (metadata?.['pipeline_id'] !== id) return [];
    return [
      { position, at: formatTimestamp(Number(metadata['time'])), eventType, entityId, payload },
    ];
  });
  const messages = await messagesOf(run, definition, count - events.length);
  const topics = messages.map(({ position, time, topic, value }) => {
    return { position, at: formatTimestamp(time), topic, value };
  });
  return [...events, ...topics].sort((a, b) => a.position - b.position);
}

/** So many messages of all topics of a pipeline; each topic is followed until they are there. */
async function messagesOf(
  { store }: TestRun,
  definition: PipelineDefinition,
  count: number,
): Promise<readonly TopicMessage[]> {
  const topics = new Set(
    outputsOf(definition).flatMap(({ output }) => (output.type === 'topic' ? [output.name] : [])),
  );
  const messages: TopicMessage[] = [];
  if (count <= 0) return messages;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(deadlineMs)]);
  const follow = async (topic: string): Promise<void> => {
    const options = { from: 'beginning', tenantId: definition.tenantId, signal } as const;
    for await (const message of store.pipelines.subscribe(topic, options)) {
      messages.push(message);
      if (messages.length === count) stop.abort();
    }
  };
  await Promise.all([...topics].map(follow));
  return messages;
}

function noteOf(run: TestRun, { position, outcome, reason }: DroppedEvent): string {
  return `${run.nameOf(position)} ${outcome === 'late' ? 'was late' : 'failed'}: ${reason}`;
}

/** Times are compared, and shown, as text. */
function expectedShape(expected: ExpectedEmission): ExpectedEmission {
  if (isMatcher(expected)) return expected;
  const { at, ...rest } = expected;
  return { ...rest, ...(at !== undefined && { at: formatTimestamp(microsOf(at, 'at')) }) };
}

/** What is compared of a result: what the expected one names, or else all but its time. */
function actualShape(emitted: Emitted, expected: ExpectedEmission | undefined): ExpectedEmission {
  const { position: _, ...whole } = emitted;
  if (expected === undefined) return { ...whole, at: undefined };
  if (isMatcher(expected)) return whole;
  const names = Object.keys(expected) as (keyof ExpectedEmission)[];
  const all: ExpectedEmission = whole;
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

function numbered(emissions: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(emissions.map((emission, i) => [`result ${i + 1}`, emission]));
}

function differenceOf(expected: readonly unknown[], actual: readonly unknown[]): string {
  if (expected.length !== actual.length) {
    const plural = expected.length === 1 ? 'result' : 'results';
    return `expected ${expected.length} ${plural}, got ${actual.length}`;
  }
  const different = expected.findIndex((one, i) => compare(one, actual[i]).differences.length > 0);
  return `result ${different + 1} of ${expected.length} is not as expected`;
}
