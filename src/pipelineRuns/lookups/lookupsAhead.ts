import type { EventCore, JsonObject } from '../../domain/index.js';
import { Scout } from '../../pipelines/index.js';
import type { EnrichRequest, EnrichSource, PipelineDefinition } from '../../pipelines/index.js';

/** Events whose lookups are under way at a time, the one that is processed among them. */
const eventsAheadMax = 8;

type Answer = Promise<JsonObject | undefined>;

/**
 * Asks for what the next events of a pipeline look up while the machine is at the ones before them. The
 * machine takes events one after the other all the same, and gets each answer once, for the event that it
 * was asked for: what comes out, and in which order, is as if each had been asked for in its turn.
 */
export class LookupsAhead implements EnrichSource {
  readonly #source: EnrichSource;
  readonly #scout: Scout;
  /** By the position of the event, and by what was asked. */
  readonly #answers = new Map<number, Map<string, Answer>>();

  /** URLs: an event that asks for the same is not looked ahead for, so that the answer is kept, or is not. */
  readonly #underWay = new Set<string>();

  constructor(source: EnrichSource, definition: PipelineDefinition) {
    this.#source = source;
    this.#scout = new Scout(definition, { lookup: (request) => this.#ask(request) });
  }

  /** For the machine. */
  lookup(request: EnrichRequest): JsonObject | undefined | Promise<JsonObject | undefined> {
    const ofEvent = this.#answers.get(request.position);
    if (ofEvent === undefined) return this.#source.lookup(request);
    const key = JSON.stringify(request);
    const answer = ofEvent.get(key);
    ofEvent.delete(key);
    return answer ?? this.#source.lookup(request);
  }

  /** Events one by one; as each is given, those behind it are looked ahead for. */
  *over<E extends EventCore>(events: Iterable<E>): Generator<E> {
    if (!this.#scout.isNeeded) {
      yield* events;
      return;
    }
    const ahead: E[] = [];
    for (const event of events) {
      ahead.push(event);
      void this.#scout.look(event);
      if (ahead.length < eventsAheadMax) continue;
      yield* this.#next(ahead);
    }
    while (ahead.length > 0) yield* this.#next(ahead);
  }

  *#next<E extends EventCore>(ahead: E[]): Generator<E> {
    const event = ahead.shift();
    if (event === undefined) return;
    yield event;
    // What was asked for and not needed, after all.
    this.#answers.delete(event.position);
  }

  #ask(request: EnrichRequest): Answer {
    const ofEvent = this.#answers.get(request.position) ?? new Map<string, Answer>();
    this.#answers.set(request.position, ofEvent);
    const key = JSON.stringify(request);
    const known = ofEvent.get(key);
    if (known !== undefined) return known;
    const asked = request.type === 'http' ? request.url : '';
    if (this.#underWay.has(asked)) throw new Error('an event before asks for the same');
    if (asked !== '') this.#underWay.add(asked);
    const answer = (async () => this.#source.lookup(request))().finally(() => {
      this.#underWay.delete(asked);
    });
    // The machine may never come to it.
    answer.catch(() => undefined);
    ofEvent.set(key, answer);
    return answer;
  }
}
