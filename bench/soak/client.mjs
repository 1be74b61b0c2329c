import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

import { Violation } from './model.mjs';

const connectionsMax = 48;
/** An answer that takes longer is a hang; kills close the connection and are something else. */
const answerDeadlineMs = 120_000;
const retryPauseMs = 20;

/** No answer came, because the server was killed meanwhile or is not there. */
export class Interrupted extends Error {
  /** @override */
  name = 'Interrupted';
}

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {any} body parsed JSON
 */

/** Requests to the server that runs now. */
export class Client {
  #agent = new Agent({ keepAlive: true, maxSockets: connectionsMax });
  #server;
  #latencies;
  interrupted = 0;

  /**
   * @param {import('./server.mjs').ServerUnderTest} server
   * @param {import('./latency.mjs').Latencies} latencies
   */
  constructor(server, latencies) {
    this.#server = server;
    this.#latencies = latencies;
  }

  /**
   * One request and its answer; what is refused because the server is stopping counts as
   * interrupted.
   *
   * @param {string} kind under which the time of the answer is counted
   * @param {string} path
   * @param {{body?: import('node:buffer').Buffer | string, type?: string}} [sent] POST where there
   *   is a body
   * @returns {Promise<Reply>}
   */
  async ask(kind, path, { body, type = 'application/json' } = {}) {
    await this.#server.whenUp();
    const begun = performance.now();
    const reply = await this.#send(path, body, type);
    if (reply.status === 503 && ['shutting_down', 'overloaded'].includes(reply.body.code)) {
      throw this.#interrupt(reply.body.code);
    }
    this.#latencies.add(kind, performance.now() - begun);
    if (reply.status >= 500) {
      throw new Violation(`${kind}: ${reply.status} ${JSON.stringify(reply.body)}`);
    }
    return reply;
  }

  /**
   * Asks until there is an answer, over any number of restarts.
   *
   * @param {string} kind
   * @param {string} path
   * @param {{body?: import('node:buffer').Buffer | string, type?: string}} [sent]
   */
  async askUntilAnswered(kind, path, sent) {
    for (let tries = 0; ; tries++) {
      try {
        return { ...(await this.ask(tries === 0 ? kind : `${kind}, again`, path, sent)), tries };
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
      }
    }
  }

  close() {
    this.#agent.destroy();
  }

  /**
   * @param {string} path
   * @param {import('node:buffer').Buffer | string | undefined} body
   * @param {string} type
   * @returns {Promise<Reply>}
   */
  #send(path, body, type) {
    const { url } = this.#server;
    const method = body === undefined ? 'GET' : 'POST';
    const headers = body === undefined ? {} : { 'content-type': type };
    return new Promise((resolve, reject) => {
      const fail = (/** @type {Error} */ error) => reject(this.#interrupt(error.message));
      const timer = setTimeout(() => {
        reject(new Violation(`${method} ${path}: no answer within ${answerDeadlineMs} ms`));
      }, answerDeadlineMs);
      const outgoing = request(url + path, { method, headers, agent: this.#agent });
      outgoing.on('close', () => clearTimeout(timer)).on('error', fail);
      outgoing.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('error', fail);
        response.on('data', (/** @type {string} */ piece) => (text += piece));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
        });
      });
      outgoing.end(body);
    });
  }

  /** @param {string} reason */
  #interrupt(reason) {
    this.interrupted += 1;
    return new Interrupted(reason);
  }
}
