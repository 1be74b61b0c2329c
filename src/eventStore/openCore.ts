import { AllSourceError } from '../domain/index.js';
import { durabilityNumber, fromNative, loadAddon } from '../engine/index.js';
import type { NativeOpenOptions, NativeRepairReport } from '../engine/index.js';
import { SetTime } from './append/setTime.js';
import { StoreCore } from './storeCore.js';
import type { OpenOptions } from './types.js';

const segmentBytesDefault = 64 * 1024 * 1024;
const queueBytesDefault = 64 * 1024 * 1024;
const cacheBytesDefault = 128 * 1024 * 1024;

const optionNames = new Set([
  'dataDir',
  'memory',
  'clock',
  'durability',
  'readOnly',
  'segmentBytesMax',
  'queueBytesMax',
  'cacheBytesMax',
  'reducers',
  'upcasters',
  'snapshots',
  'backups',
  'parquet',
  'retention',
  'sql',
  'allowPrivateLookups',
  'passwordCharactersMin',
]);

/** Opens the engine of a store, and what all its faces share. */
export async function openCore(
  options: OpenOptions,
  { milestoneEvery }: Pick<NativeOpenOptions, 'milestoneEvery'>,
): Promise<StoreCore> {
  const native = { ...toNativeOptions(options), milestoneEvery };
  const time = options.clock && new SetTime(options.clock);
  const addon = loadAddon();
  let core: StoreCore | undefined;
  try {
    const nowMicros = time && { nowMicros: time.micros() };
    const handle = await addon.open({ ...native, ...nowMicros }, (watermark, failureCode) => {
      core?.onProgress(watermark, failureCode);
    });
    core = new StoreCore(handle, time);
    return core;
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * Cuts the log of a closed, damaged store at its first damage. What is cut is first copied to
 * `damaged-<microseconds>` in the store's directory. A store without damage is left as it is.
 */
export async function repairStore(dataDir: string): Promise<NativeRepairReport> {
  checkPath(dataDir);
  try {
    return await loadAddon().repair(dataDir);
  } catch (error) {
    throw fromNative(error);
  }
}

function toNativeOptions(options: OpenOptions): Omit<NativeOpenOptions, 'milestoneEvery'> {
  checkTypes(options);
  const unknown = Object.keys(options).find((name) => !optionNames.has(name));
  if (unknown !== undefined) {
    throw invalid(unknown, `not an option; the options are ${[...optionNames].join(', ')}`);
  }
  const memory = options.memory === true;
  if (memory === (options.dataDir !== undefined)) {
    throw invalid('dataDir', 'give either a directory in dataDir or memory: true');
  }
  if (memory && options.readOnly === true)
    throw invalid('readOnly', 'a memory store is always new');
  if (!memory && options.clock !== undefined) {
    throw invalid('clock', 'only a memory store takes one; leave it out where there is a dataDir');
  }
  const durability = memory ? 'memory' : (options.durability ?? 'sync');
  if (!memory && durability !== 'sync' && durability !== 'async') {
    throw invalid('durability', `expected 'sync' or 'async', got ${JSON.stringify(durability)}`);
  }
  return {
    directory: options.dataDir ?? 'memory',
    memory,
    readOnly: options.readOnly === true,
    durability: durabilityNumber[durability],
    segmentBytesMax: bytesOption('segmentBytesMax', options.segmentBytesMax, segmentBytesDefault),
    queueBytesMax: bytesOption('queueBytesMax', options.queueBytesMax, queueBytesDefault),
    cacheBytesMax: bytesOption('cacheBytesMax', options.cacheBytesMax, cacheBytesDefault),
  };
}

/** What callers without types may get wrong; a store opened with a guess is worse than none. */
function checkTypes(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw invalid('options', `expected an object, got ${String(options)}`);
  }
  const { dataDir, memory, readOnly, allowPrivateLookups, clock } = options as Readonly<
    Record<string, unknown>
  >;
  for (const [name, value] of Object.entries({ memory, readOnly, allowPrivateLookups })) {
    if (value === undefined || typeof value === 'boolean') continue;
    throw invalid(name, `expected true or false, got ${typeof value}`);
  }
  if (dataDir !== undefined) checkPath(dataDir);
  const isClock = typeof clock === 'object' && clock !== null && 'now' in clock;
  if (clock === undefined || (isClock && typeof clock.now === 'function')) return;
  throw invalid(
    'clock',
    `expected an object with now(), got ${clock === null ? 'null' : typeof clock}`,
  );
}

function checkPath(path: unknown): void {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return;
  throw invalid('dataDir', 'expected the path of a directory');
}

function bytesOption(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw invalid(name, `expected a whole number of bytes, got ${value}`);
}

function invalid(name: string, reason: string): AllSourceError {
  return new AllSourceError('invalid_configuration', `${name}: ${reason}`);
}
