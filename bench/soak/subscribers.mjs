import { get } from 'node:http';

import { WebSocket } from 'ws';

import { entitiesMax, entityNumber, originOf } from './events.mjs';
import { check } from './model.mjs';

/** @typedef {import('./model.mjs').WireEvent} WireEvent */

const streamPath = '/api/v1/events/stream';
const reconnectPauseMs = 5;

/**
 * Follows the log over restarts: every event that its filter takes, once and in order, from the first
 * to the last. It goes on behind the last position that it has seen.
 */
export class Subscriber {
  last = 0;
  received = 0;
  connections = 0;
  name;
  #model;
  #server;
  #filter;
  /** Versions of entities as this reader has seen them; only where it sees all events. */
  #versions;
  /** @type {number[]} */
  #unchecked = [];
  #checkedThrough = 0;
  #lastTimestamp = '';
  #partitions;
  #isStopped = false;
  /** @type {() => void} */
  #disconnect = () => {};

  /**
   * @param {object} about
   * @param {string} about.name
   * @param {'sse' | 'ws'} about.transport
   * @param {{event_type_prefix?: string, event_type?: string}} about.filter
   * @param {import('./model.mjs').Model} about.model
   * @param {import('./server.mjs').ServerUnderTest} about.server
   * @param {import('./partitions.mjs').Partitions} [about.partitions] counted where given
   */
  constructor({ name, transport, filter, model, server, partitions }) {
    this.name = name;
    this.#model = model;
    this.#server = server;
    this.#filter = filter;
    this.#partitions = partitions;
    this.#versions = Object.keys(filter).length === 0 ? new Uint32Array(entitiesMax) : null;
    this.connect = transport === 'sse' ? this.#followSse : this.#followWebSocket;
  }

  /** Runs until `stop`; rejects at the first thing that is wrong. */
  async run() {
    while (!this.#isStopped) {
      await this.#server.whenUp();
      if (this.#isStopped) return;
      this.connections += 1;
      await this.connect();
      await new Promise((resolve) => setTimeout(resolve, reconnectPauseMs));
    }
  }

  stop() {
    this.#isStopped = true;
    this.#disconnect();
  }

  /** Breaks the connection as a client with a bad network does; it comes back by itself. */
  drop() {
    this.#disconnect();
  }

  /** Resolves to the end of the connection, whatever ended it. */
  async #followSse() {
    const query = new URLSearchParams({ ...this.#filter, from_position: '1' });
    const headers = {
      accept: 'text/event-stream',
      ...(this.last === 0 ? {} : { 'last-event-id': String(this.last) }),
    };
    const url = `${this.#server.url}${streamPath}?${query}`;
    await new Promise((resolve, reject) => {
      const request = get(url, { headers, agent: false });
      this.#disconnect = () => request.destroy();
      request.on('error', () => resolve(null)).on('close', () => resolve(null));
      request.on('response', (response) => {
        let rest = '';
        response.setEncoding('utf8').on('error', () => resolve(null));
        response.on('data', (/** @type {string} */ text) => {
          const blocks = (rest + text).split('\n\n');
          rest = blocks.pop() ?? '';
          try {
            for (const block of blocks) this.#takeBlock(block);
          } catch (error) {
            reject(error);
            request.destroy();
          }
        });
      });
    });
  }

  /** @param {string} block */
  #takeBlock(block) {
    const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
    if (data === undefined) return;
    /** @type {WireEvent} */
    const event = JSON.parse(data);
    check(Number(id) === event.position, `${this.name}: id ${id} of position ${event.position}`);
    this.#take(event);
  }

  async #followWebSocket() {
    const socket = new WebSocket(this.#server.url.replace('http', 'ws') + streamPath);
    /** @type {unknown} */
    let failure = null;
    this.#disconnect = () => socket.terminate();
    socket.on('error', () => {}); // told by `close`
    socket.on('open', () => {
      const fromPosition = this.last + 1;
      const frame = { type: 'subscribe', from_position: fromPosition, ...this.#filter };
      socket.send(JSON.stringify(frame));
    });
    socket.on('message', (data) => {
      if (failure !== null) return;
      try {
        const frame = JSON.parse(data.toString());
        check(frame.type !== 'error', `${this.name}: ${JSON.stringify(frame)}`);
        if (frame.type === 'event') this.#take(frame.event);
      } catch (error) {
        failure = error;
        socket.terminate();
      }
    });
    await new Promise((resolve) => socket.once('close', resolve));
    if (failure !== null) throw failure;
  }

  /** @param {WireEvent} event */
  #take(event) {
    const { name } = this;
    check(event.position > this.last, `${name}: ${event.position} came behind ${this.last}`);
    const isLater = event.timestamp >= this.#lastTimestamp;
    check(isLater, `${name}: at ${event.position} the time goes back`);
    this.#model.observe(event, name);
    if (this.#versions === null) this.#unchecked.push(event.position);
    else this.#checkNext(event, this.#versions);
    this.#lastTimestamp = event.timestamp;
    this.last = event.position;
    this.received += 1;
    this.checkGaps();
  }

  /**
   * @param {WireEvent} event
   * @param {Uint32Array} versions
   */
  #checkNext(event, versions) {
    const { position, version } = event;
    check(position === this.last + 1, `${this.name}: ${position} came after ${this.last}`);
    const { op, part } = originOf(event.id);
    const entity = entityNumber(this.#model.seed, op, part);
    const expected = (versions[entity] ?? 0) + 1;
    check(
      version === expected,
      `${this.name}: ${position} has version ${version}, not ${expected}`,
    );
    versions[entity] = version;
    this.#partitions?.count(event);
  }

  /** What a filter left out must not match it: checked as soon as it is known what stands there. */
  checkGaps() {
    while (this.#unchecked.length > 0) {
      const [position = 0] = this.#unchecked;
      if (position > this.#model.knownThrough) return;
      for (let at = this.#checkedThrough + 1; at < position; at++) this.#checkLeftOut(at);
      check(this.#takes(position), `${this.name}: ${position} does not match the filter`);
      this.#checkedThrough = position;
      this.#unchecked.shift();
    }
  }

  /** At the end: nothing behind the last event matches either. */
  checkEnd() {
    this.checkGaps();
    const { knownThrough } = this.#model;
    if (this.#versions === null) {
      for (let at = this.last + 1; at <= knownThrough; at++) this.#checkLeftOut(at);
    } else {
      check(this.last === knownThrough, `${this.name}: ended at ${this.last} of ${knownThrough}`);
    }
  }

  /** True once it has seen what it will see of a log that grows no more. */
  get isThrough() {
    const { knownThrough } = this.#model;
    for (let at = Math.max(1, this.last + 1); at <= knownThrough; at++) {
      if (this.#takes(at)) return false;
    }
    return true;
  }

  /** @param {number} position */
  #checkLeftOut(position) {
    check(!this.#takes(position), `${this.name}: ${position} was left out`);
  }

  /** @param {number} position known */
  #takes(position) {
    const type = this.#model.eventTypeAt(position);
    const { event_type: only, event_type_prefix: prefix } = this.#filter;
    return (only === undefined || type === only) && type.startsWith(prefix ?? '');
  }
}
