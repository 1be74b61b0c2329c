import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';

import autocannon from 'autocannon';

/**
 * @typedef {object} Load
 * @property {string} path with its query
 * @property {string} contentType
 * @property {readonly import('node:buffer').Buffer[]} bodies taken in turn by each connection
 * @property {number} connections
 * @property {number} eventsPerRequest
 */

/**
 * Starts the server in a process of its own, loads it from this one, and checks that it holds
 * exactly the events that it acknowledged.
 *
 * @param {Load} load
 * @param {{dataDir: string, warmUpSeconds: number, seconds: number}} options
 */
export async function loadServer(load, { dataDir, warmUpSeconds, seconds }) {
  const server = fork(join(import.meta.dirname, 'server.mjs'), [dataDir], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // The server goes when this process goes, however that comes about.
  process.once('exit', () => server.kill('SIGKILL'));
  const [{ url }] = await once(server, 'message');
  const warmUp = await fire(url, load, Math.max(1, Math.round(warmUpSeconds)));
  const cpuBefore = process.cpuUsage();
  const measured = await fire(url, load, Math.max(1, Math.round(seconds)));
  const cpu = process.cpuUsage(cpuBefore);
  server.send('stop');
  const [report] = await once(server, 'message');
  checkStored(report.totalEvents, (warmUp['2xx'] + measured['2xx']) * load.eventsPerRequest, load);
  return {
    requestsPerSecond: measured['2xx'] / measured.duration,
    extra: {
      latencyMsMedian: measured.latency.p50,
      latencyMsP99: measured.latency.p99,
      clientCpuCores: (cpu.user + cpu.system) / 1e6 / measured.duration,
      server: report,
    },
  };
}

/**
 * @param {string} url
 * @param {Load} load
 * @param {number} duration seconds; autocannon counts in whole ones
 */
async function fire(url, load, duration) {
  let client = 0;
  const result = await autocannon({
    url: new URL(load.path, url).href,
    method: 'POST',
    headers: { 'content-type': load.contentType },
    connections: load.connections,
    duration,
    // Each connection begins at another body, so that they do not march in step.
    setupClient: (connection) => {
      const first = Math.floor((client++ * load.bodies.length) / load.connections);
      const turned = [...load.bodies.slice(first), ...load.bodies.slice(0, first)];
      connection.setRequests(turned.map((body) => ({ body })));
    },
  });
  const failed = result.errors + result.timeouts + result.non2xx;
  if (failed > 0) throw new Error(`${failed} requests failed: ${describeStatuses(result)}`);
  return result;
}

/** @param {import('autocannon').Result} result */
function describeStatuses(result) {
  return JSON.stringify({ errors: result.errors, statuses: result.statusCodeStats });
}

/**
 * autocannon drops its connections at the end with a request under way on each, which the server
 * may still have stored.
 *
 * @param {number} stored
 * @param {number} acknowledged
 * @param {Load} load
 */
function checkStored(stored, acknowledged, load) {
  const underWayMax = 2 * load.connections * load.eventsPerRequest;
  if (stored >= acknowledged && stored <= acknowledged + underWayMax) return;
  throw new Error(`acknowledged ${acknowledged} events, but the server's store holds ${stored}`);
}
