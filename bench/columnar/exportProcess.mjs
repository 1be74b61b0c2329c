import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const lookMs = 20;

/**
 * `allsource export` of the default tenant of a directory, in a process of its own.
 *
 * @param {string} dataDir
 * @param {string} file
 * @returns {Promise<{seconds: number, peakMB: number}>} time from its start to its end, and the highest
 *   resident memory that it had (10^6 bytes), as Linux counts it
 */
export async function exportParquet(dataDir, file) {
  const begin = performance.now();
  const child = spawn(process.execPath, [cli, 'export', file, '--data-dir', dataDir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  let peakMB = 0;
  const timer = setInterval(() => (peakMB = Math.max(peakMB, peakOf(child.pid))), lookMs);
  const [code] = await once(child, 'close');
  clearInterval(timer);
  if (code !== 0) throw new Error(`allsource export ended with ${code}: ${stderr}`);
  return { seconds: (performance.now() - begin) / 1000, peakMB };
}

/** @param {number | undefined} pid */
function peakOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024) / 1e6;
  } catch {
    return 0; // it has ended, or this is not Linux
  }
}
