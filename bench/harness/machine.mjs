import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/**
 * What a reader must know to judge the numbers. No host name and no path: results are published.
 *
 * @param {string} repositoryDir
 * @param {string} dataDir an existing directory
 */
export function describeMachine(repositoryDir, dataDir) {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    fileSystem: fileSystemOf(dataDir),
    node: process.version,
    v8: process.versions.v8,
    package: packageVersion(join(repositoryDir, 'package.json')),
    loadAverage: os.loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

/**
 * Name of the file system that holds `directory`, or `unknown` where the system does not say.
 *
 * @param {string} directory absolute
 */
export function fileSystemOf(directory) {
  let best = { mountPoint: '', type: 'unknown' };
  for (const line of readMounts()) {
    const [, mountPoint = '', type = ''] = line.split(' ');
    const prefix = mountPoint.endsWith('/') ? mountPoint : `${mountPoint}/`;
    if (`${directory}/`.startsWith(prefix) && mountPoint.length >= best.mountPoint.length) {
      best = { mountPoint, type };
    }
  }
  return best.type;
}

function readMounts() {
  try {
    return readFileSync('/proc/self/mounts', 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // only Linux has this file
  }
}

/** @param {string} path */
function packageVersion(path) {
  const { name, version } = JSON.parse(readFileSync(path, 'utf8'));
  return `${name} ${version}`;
}
