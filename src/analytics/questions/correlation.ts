import type { ArraysBatch, Texts } from '../../columnar/index.js';
import {
  checkNames,
  percentageOf,
  rangeNames,
  secondsOf,
  typeOf,
  typesSelection,
} from '../input.js';
import { correlationExamples, correlationWindowDefault, windowSecondsMax } from '../limits.js';
import type { Source } from '../source.js';
import { RecentKeys } from '../tables/recentKeys.js';
import { Waiting } from '../tables/waiting.js';
import type { WaitingEvent } from '../tables/waiting.js';
import type { Correlation, CorrelationExample, CorrelationOptions } from '../types.js';

const microsPerSecond = 1_000_000;

export async function correlationOf(
  source: Source,
  options: CorrelationOptions,
): Promise<Correlation> {
  const { eventTypeA, eventTypeB, timeWindowSeconds, ...range } = options;
  checkNames(range, rangeNames);
  typeOf(eventTypeA, 'event_type_a');
  typeOf(eventTypeB, 'event_type_b');
  const window = { name: 'time_window_seconds', max: windowSecondsMax };
  const seconds = secondsOf(timeWindowSeconds, correlationWindowDefault, window);
  const pairs = new Pairs({ eventTypeA, eventTypeB, windowMicros: seconds * microsPerSecond });
  const selection = typesSelection(range, [eventTypeA, eventTypeB]);
  const columns = ['position', 'timestamp', 'entity_id', 'event_type'] as const;
  for await (const batch of source.batches(selection, { columns })) pairs.add(batch);
  pairs.finish();
  const { totalA, totalB, count, betweenMicros } = pairs;
  return {
    eventTypeA,
    eventTypeB,
    totalA,
    totalB,
    correlatedPairs: count,
    correlationPercentage: percentageOf(count, totalA),
    avgTimeBetweenSeconds: count === 0 ? null : betweenMicros / count / microsPerSecond,
    examples: await examplesOf(source, pairs.examples),
  };
}

/** An event A and the nearest B, by their positions. */
interface Pair {
  readonly a: number;
  readonly b: number;
}

async function examplesOf(
  source: Source,
  pairs: readonly Pair[],
): Promise<readonly CorrelationExample[]> {
  const events = await source.eventsAt(pairs.flatMap(({ a, b }) => [a, b]));
  return pairs.flatMap(({ a, b }) => {
    const [eventA, eventB] = [events.get(a), events.get(b)];
    // What was dropped meanwhile can't be shown.
    if (eventA === undefined || eventB === undefined) return [];
    return [
      {
        entityId: eventA.entityId,
        eventA: { id: eventA.id, timestamp: eventA.timestamp },
        eventB: { id: eventB.id, timestamp: eventB.timestamp },
        timeBetweenSeconds: Math.abs(eventB.timestamp - eventA.timestamp) / microsPerSecond,
      },
    ];
  });
}

/** Numbers of each entity. */
const lastTime = 0;
const lastPosition = 1;
/** The last A that waits. */
const lastWaiting = 2;
const initial = [-Infinity, 0, -1];

interface Event {
  readonly position: number;
  readonly time: number;
}

/**
 * Finds for each A the nearest B of its entity. Of each entity it holds the last B; an A waits for the next
 * B until the window is over. Entities without events for a whole window are forgotten.
 */
class Pairs {
  readonly #options: PairsOptions;
  readonly #entities: RecentKeys;
  readonly #waiting = new Waiting();
  totalA = 0;
  totalB = 0;
  count = 0;
  /** Sum over all pairs. */
  betweenMicros = 0;
  /** Of the first events A. */
  examples: readonly Pair[] = [];

  constructor(options: PairsOptions) {
    this.#options = options;
    this.#entities = new RecentKeys('entities', { window: options.windowMicros, initial });
  }

  add({ rows, positions, timestamps, entities, types }: ArraysBatch): void {
    const places = this.#entities.placesOf(entities.texts, timestamps[0] ?? 0);
    const { eventTypeA, eventTypeB } = this.#options;
    const [codeA, codeB] = [codeOf(types.texts, eventTypeA), codeOf(types.texts, eventTypeB)];
    this.#settleBefore((timestamps[0] ?? 0) - this.#options.windowMicros);
    for (let row = 0; row < rows; row += 1) {
      const place = places[entities.codes[row] ?? 0] ?? 0;
      const event = { position: positions[row] ?? 0, time: timestamps[row] ?? 0 };
      const before = this.#lastOf(place);
      const code = types.codes[row];
      if (code === codeB) this.#takeB(place, event);
      if (code === codeA) this.#takeA(place, event, before);
    }
  }

  finish(): void {
    this.#settleBefore(Infinity);
  }

  #lastOf(place: number): Event {
    const time = this.#entities.get(place, lastTime);
    return { time, position: this.#entities.get(place, lastPosition) };
  }

  #takeA(place: number, { position, time }: Event, last: Event): void {
    this.totalA += 1;
    const isNear = time - last.time <= this.#options.windowMicros;
    const distance = isNear ? time - last.time : Infinity;
    const before = this.#entities.get(place, lastWaiting);
    const event = { position, time, found: last.position, distance, before };
    this.#entities.set(place, lastWaiting, this.#waiting.add(event));
  }

  #takeB(place: number, { position, time }: Event): void {
    this.totalB += 1;
    for (const a of this.#waiting.take(this.#entities.get(place, lastWaiting))) {
      const distance = time - a.time;
      // Of two that are as near the one before counts. One that waits since long may be in the same batch.
      const isNearer = distance <= this.#options.windowMicros && distance < a.distance;
      this.#settle(isNearer ? { ...a, found: position, distance } : a);
    }
    this.#entities.set(place, lastWaiting, -1);
    this.#entities.set(place, lastTime, time);
    this.#entities.set(place, lastPosition, position);
  }

  #settleBefore(time: number): void {
    for (const a of this.#waiting.expire(time)) this.#settle(a);
  }

  #settle({ position: a, found: b, distance }: WaitingEvent): void {
    if (distance === Infinity) return;
    this.count += 1;
    this.betweenMicros += distance;
    const last = this.examples[correlationExamples - 1];
    if (last !== undefined && last.a < a) return;
    const examples = [...this.examples, { a, b }].sort((one, other) => one.a - other.a);
    this.examples = examples.slice(0, correlationExamples);
  }
}

interface PairsOptions {
  readonly eventTypeA: string;
  readonly eventTypeB: string;
  readonly windowMicros: number;
}

/** The code of a text in a batch; -1 where no row has it. */
function codeOf({ offsets, bytes }: Texts, text: string): number {
  const wanted = Buffer.from(text);
  for (let code = 0; code + 1 < offsets.length; code += 1) {
    if (wanted.equals(bytes.subarray(offsets[code], offsets[code + 1]))) return code;
  }
  return -1;
}
