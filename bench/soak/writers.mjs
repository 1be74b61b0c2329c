import { entityIdOf, entityNumber, eventCount, makeEvents, mix, toNdjson } from './events.mjs';
import { check } from './model.mjs';

const ndjson = 'application/x-ndjson';

/**
 * Appends of all kinds: single ones with and without an expected version, batches in both forms,
 * such as must be refused, and repeats of what was acknowledged long ago. Each goes on under the same
 * event ids until it is answered.
 */
export class Writers {
  /** What was done, by kind. */
  counts = { single: 0, batch: 0, conflict: 0, repeat: 0, inDoubt: 0, foundWritten: 0 };
  #model;
  #client;

  /**
   * @param {import('./model.mjs').Model} model
   * @param {import('./client.mjs').Client} client
   */
  constructor(model, client) {
    this.#model = model;
    this.#client = client;
  }

  /** One operation; resolves to the number of events that it wrote. */
  async next() {
    const model = this.#model;
    const op = model.beginOp();
    try {
      const chance = mix(model.seed, op, 5) % 100;
      if (chance < 5) return await this.#conflict(op);
      if (chance < 15) await this.#repeat(op);
      return await (eventCount(model.seed, op) === 1 ? this.#single(op) : this.#batch(op));
    } finally {
      model.endOp(op);
    }
  }

  /** @param {number} op */
  async #single(op) {
    const model = this.#model;
    const [event] = makeEvents(model.seed, op);
    const version = model.versionOf(entityNumber(model.seed, op, 0));
    const isExpected = mix(model.seed, op, 6) % 2 === 0;
    const body = JSON.stringify(isExpected ? { ...event, expected_version: version } : event);
    const reply = await this.#client.askUntilAnswered('append', '/api/v1/events', { body });
    check(reply.status < 300, `append of op ${op}: ${reply.status} ${JSON.stringify(reply.body)}`);
    this.#count(op, reply.tries, reply.body.deduplicated);
    model.acknowledge(op, [reply.body]);
    this.counts.single += 1;
    return 1;
  }

  /** @param {number} op */
  async #batch(op) {
    const model = this.#model;
    const events = makeEvents(model.seed, op);
    const isNdjson = mix(model.seed, op, 6) % 4 !== 0;
    const sent = isNdjson
      ? { body: toNdjson(events), type: ndjson }
      : { body: JSON.stringify({ events, conditions: this.#conditions(op) }) };
    const path = '/api/v1/events/batch';
    const reply = await this.#client.askUntilAnswered('batch', path, sent);
    check(reply.status < 300, `batch of op ${op}: ${reply.status} ${JSON.stringify(reply.body)}`);
    const { results, ingested } = reply.body;
    check([0, events.length].includes(ingested), `op ${op}: ${ingested} of ${events.length}`);
    this.#count(op, reply.tries, ingested === 0);
    model.acknowledge(op, results);
    this.counts.batch += 1;
    return events.length;
  }

  /** @param {number} op */
  #conditions(op) {
    const model = this.#model;
    const entries = model.entitiesOf(op).map((entity) => {
      return [entityIdOf(entity), model.versionOf(entity)];
    });
    return Object.fromEntries(entries);
  }

  /**
   * A version that the entity is not at: refused, and the right one told.
   *
   * @param {number} op
   */
  async #conflict(op) {
    const model = this.#model;
    model.refuse(op);
    const [event] = makeEvents(model.seed, op);
    const version = model.versionOf(entityNumber(model.seed, op, 0));
    const body = JSON.stringify({ ...event, expected_version: version + 1 });
    const reply = await this.#client.askUntilAnswered('conflict', '/api/v1/events', { body });
    const { code, current_version: current } = reply.body;
    const isRight = reply.status === 409 && code === 'version_conflict' && current === version;
    check(isRight, `conflict at version ${version}: ${reply.status} ${JSON.stringify(reply.body)}`);
    this.counts.conflict += 1;
    return 0;
  }

  /**
   * An operation out of the whole history once more: known, at its old place.
   *
   * @param {number} op
   */
  async #repeat(op) {
    const model = this.#model;
    const old = 1 + (mix(model.seed, op, 7) % op);
    const first = model.firstPositionOf(old);
    if (first === 0 || old === op) return;
    const body = toNdjson(makeEvents(model.seed, old));
    const path = '/api/v1/events/batch';
    const reply = await this.#client.askUntilAnswered('repeat', path, { body, type: ndjson });
    const { ingested, results } = reply.body;
    const isSame =
      reply.status < 300 &&
      ingested === 0 &&
      results.every(
        (/** @type {import('./model.mjs').AppendResult} */ result, /** @type {number} */ part) =>
          result.deduplicated && result.position === first + part,
      );
    check(isSame, `repeat of op ${old} at ${first}: ${JSON.stringify(reply.body).slice(0, 500)}`);
    this.counts.repeat += 1;
  }

  /**
   * What was written already may be known only to one who asked before.
   *
   * @param {number} op
   * @param {number} tries
   * @param {boolean} isKnown
   */
  #count(op, tries, isKnown) {
    check(!isKnown || tries > 0, `op ${op} was known before it was sent`);
    if (tries > 0) this.counts.inDoubt += 1;
    if (isKnown) this.counts.foundWritten += 1;
  }
}
