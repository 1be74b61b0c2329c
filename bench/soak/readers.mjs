import { entityIdOf, eventIdOf, eventTypes, mix, userPrefix } from './events.mjs';
import { check } from './model.mjs';

/** @typedef {import('./model.mjs').WireEvent} WireEvent */

const pageEvents = 50;
const pagesMax = 3;
const queryPath = '/api/v1/events/query';
const windowMs = 1_000;

/** Reads of all kinds; every event in every answer is compared with the model. */
export class Readers {
  counts = { entity: 0, byId: 0, type: 0, state: 0, time: 0 };
  #model;
  #client;
  /** Reads begun, those that found nothing to ask for too. */
  begun = 0;

  /**
   * @param {import('./model.mjs').Model} model
   * @param {import('./client.mjs').Client} client
   */
  constructor(model, client) {
    this.#model = model;
    this.#client = client;
  }

  async next() {
    const number = this.begun++;
    if (this.#model.knownThrough === 0) return;
    const kinds = [this.#entity, this.#byId, this.#type, this.#state, this.#time];
    await kinds[number % kinds.length]?.call(this, number);
  }

  /** @param {number} number */
  async #entity(number) {
    const { entityId, version } = this.#someEntity(number);
    const path = `${queryPath}?entity_id=${entityId}&limit=${pageEvents}`;
    const events = await this.#events('read entity', path);
    const isWhole = events.length >= Math.min(pageEvents, version);
    check(isWhole, `${entityId}: ${events.length} events, acknowledged ${version}`);
    for (const [index, event] of events.entries()) {
      const isNext = event.entity_id === entityId && event.version === index + 1;
      check(isNext, `${entityId}: version ${event.version} stands at ${index + 1}`);
    }
    this.counts.entity += 1;
  }

  /** @param {number} number */
  async #byId(number) {
    const model = this.#model;
    const op = 1 + (this.#random(number, 1) % model.opsBegun);
    const first = model.firstPositionOf(op);
    if (first === 0) return;
    const path = `/api/v1/events/${eventIdOf(model.seed, op, 0)}`;
    const { status, body } = await this.#client.askUntilAnswered('read id', path);
    check(status === 200 && body.position === first, `${path}: ${status}, expected at ${first}`);
    model.observe(body, 'read by id');
    this.counts.byId += 1;
  }

  /**
   * Some pages of one type, newest first: what lies between two of the events is of other types.
   *
   * @param {number} number
   */
  async #type(number) {
    const type = eventTypes[this.#random(number, 2) % eventTypes.length] ?? '';
    const shared = `${queryPath}?event_type=${type}&order=desc&limit=${pageEvents}`;
    let cursor = null;
    let last = Infinity;
    for (let page = 0; page < pagesMax; page++) {
      const path = cursor === null ? shared : `${shared}&cursor=${cursor}`;
      const { status, body } = await this.#client.askUntilAnswered('read type', path);
      check(status === 200, `${path}: ${status} ${JSON.stringify(body)}`);
      for (const event of /** @type {WireEvent[]} */ (body.events)) {
        this.#model.observe(event, 'read by type');
        check(event.event_type === type, `${type}: found ${event.event_type}`);
        check(event.position < last, `${type}: ${event.position} behind ${last}`);
        this.#checkGap(event.position, last, type);
        last = event.position;
      }
      cursor = body.next_cursor;
      if (cursor === null) break;
    }
    this.counts.type += 1;
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {string} type
   */
  #checkGap(from, to, type) {
    if (to === Infinity) return;
    for (let position = from + 1; position < to; position++) {
      if (!this.#model.isKnown(position)) continue;
      const found = this.#model.eventTypeAt(position);
      check(found !== type, `${type}: the page leaves out ${position}`);
    }
  }

  /** @param {number} number */
  async #state(number) {
    const { entityId, version } = this.#someEntity(number);
    const path = `/api/v1/entities/${entityId}/state?history_limit=5`;
    const { status, body } = await this.#client.askUntilAnswered('read state', path);
    check(status === 200, `${path}: ${status} ${JSON.stringify(body)}`);
    const newest = body.history.at(-1);
    const isRight =
      body.version >= version &&
      body.event_count === body.version &&
      newest.version === body.version &&
      JSON.stringify(body.current_state) === JSON.stringify(newest.payload);
    check(isRight, `${entityId}: state ${body.version}, ${body.event_count} events, ${version}`);
    this.counts.state += 1;
  }

  /** A page from the time of some event on. @param {number} number */
  async #time(number) {
    const model = this.#model;
    const position = 1 + (this.#random(number, 3) % model.knownThrough);
    const [event] = await this.#events(
      'read page',
      `${queryPath}?from_position=${position}&limit=1`,
    );
    check(event?.position === position, `from ${position}: ${event?.position}`);
    const since = event?.timestamp ?? '';
    const untilMs = Date.parse(since) + windowMs;
    const until = new Date(untilMs).toISOString();
    const prefix = `event_type_prefix=${userPrefix}`;
    const path = `${queryPath}?since=${since}&until=${until}&${prefix}&limit=${pageEvents}`;
    let last = 0;
    for (const { timestamp, event_type: type, position: at } of await this.#events(
      'read time',
      path,
    )) {
      const isWithin = timestamp >= since && Date.parse(timestamp) <= untilMs;
      const isRight = isWithin && at > last && type.startsWith(userPrefix);
      check(isRight, `since ${since}: ${timestamp}, ${type} at ${at}`);
      this.#checkPrefixGap(last === 0 ? at : last, at);
      last = at;
    }
    this.counts.time += 1;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #checkPrefixGap(from, to) {
    for (let position = from + 1; position < to; position++) {
      if (!this.#model.isKnown(position)) continue;
      const isLeftOut = this.#model.eventTypeAt(position).startsWith(userPrefix);
      check(!isLeftOut, `the page of a time leaves out ${position}`);
    }
  }

  /**
   * @param {string} kind
   * @param {string} path
   * @returns {Promise<WireEvent[]>}
   */
  async #events(kind, path) {
    const { status, body } = await this.#client.askUntilAnswered(kind, path);
    check(status === 200, `${path}: ${status} ${JSON.stringify(body)}`);
    for (const event of body.events) this.#model.observe(event, kind);
    return body.events;
  }

  /** The entity of some event of all history, and its acknowledged events of now. @param {number} number */
  #someEntity(number) {
    const position = 1 + (this.#random(number, 4) % this.#model.knownThrough);
    const entity = this.#model.entityNumberAt(position);
    return { entityId: entityIdOf(entity), version: this.#model.versionOf(entity) };
  }

  /**
   * @param {number} number
   * @param {number} salt
   */
  #random(number, salt) {
    return mix(this.#model.seed + 1, number, salt);
  }
}
