import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';

import { WebSocket } from 'ws';

/**
 * The server of bench/http in a process of its own.
 *
 * @param {string} dataDir
 */
export async function startServer(dataDir) {
  const server = fork(join(import.meta.dirname, '../http/server.mjs'), [dataDir], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // The server goes when this process goes, however that comes about.
  process.once('exit', () => server.kill('SIGKILL'));
  const [{ url }] = await once(server, 'message');
  const stop = async () => {
    server.send('stop');
    const [report] = await once(server, 'message');
    return report;
  };
  return { url, stop };
}

/**
 * A WebSocket that has subscribed, and gives each frame parsed.
 *
 * @param {string} url
 * @param {object} subscribe
 * @param {(frame: any) => void} onFrame
 * @returns {Promise<WebSocket>}
 */
export async function openSocket(url, subscribe, onFrame) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/events/stream`);
  await once(socket, 'open');
  const subscribed = new Promise((resolve) => {
    socket.on('message', (/** @type {import('node:buffer').Buffer} */ data) => {
      const frame = JSON.parse(data.toString('utf8'));
      if (frame.type === 'subscribed') resolve(undefined);
      else onFrame(frame);
    });
  });
  socket.send(JSON.stringify(subscribe));
  await subscribed;
  return socket;
}
