import { get } from 'node:http';
import { createInterface } from 'node:readline';

import { check } from './model.mjs';

const path = '/api/v1/events/query';

/**
 * Reads the whole log as NDJSON and compares every event with the model.
 *
 * @param {string} url of the server
 * @param {import('./model.mjs').Model} model
 */
export async function readLog(url, model) {
  const response = await open(url);
  let position = 0;
  for await (const line of createInterface({ input: response })) {
    const event = JSON.parse(line);
    position += 1;
    check(event.position === position, `whole log: ${event.position} stands at ${position}`);
    model.observe(event, 'whole log');
  }
  const { knownThrough } = model;
  check(position === knownThrough, `whole log: ${position} events of ${knownThrough}`);
}

/**
 * @param {string} url
 * @returns {Promise<import('node:http').IncomingMessage>}
 */
function open(url) {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'application/x-ndjson' };
    get(url + path, { headers, agent: false }, resolve).on('error', reject);
  });
}
