import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { AllSourceError, openEventStore } from '../../src/index.js';
import type {
  Durability,
  EmbeddedStore,
  JsonValue,
  NewEvent,
  OpenOptions,
  StoredEvent,
} from '../../src/index.js';

/** A directory that is removed when the test has ended. */
export async function makeDirectory(parent = tmpdir()): Promise<string> {
  const directory = await mkdtemp(join(parent, 'allsource-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * A store that is closed when the test has ended. It makes no snapshots by itself unless it is told to:
 * those would lie between the events, and take positions.
 */
export async function openStore(options: OpenOptions): Promise<EmbeddedStore> {
  const store = await openEventStore({ snapshots: withoutSnapshots, ...options });
  onTestFinished(() => store.close());
  return store;
}

export const withoutSnapshots = { automatic: false } as const;

/** A way to open new, empty stores: what the contract suite is run over. */
export interface StoreMode {
  readonly durability: Durability;
  /** The calls go over a network: they have no order but that of their answers. */
  readonly isRemote?: boolean;
  open(options?: Omit<OpenOptions, 'dataDir' | 'memory' | 'durability'>): Promise<EmbeddedStore>;
}

export const memoryMode: StoreMode = {
  durability: 'memory',
  open: (options = {}) => openStore({ memory: true, ...options }),
};

export function durableMode(durability: 'sync' | 'async'): StoreMode {
  return {
    durability,
    open: async (options = {}) =>
      openStore({ dataDir: await makeDirectory(), durability, ...options }),
  };
}

/** Code of the error that a call throws or rejects with. */
export async function codeOf(call: () => unknown): Promise<string> {
  return (await errorOf(call)).code;
}

export async function errorOf(call: () => unknown): Promise<AllSourceError> {
  try {
    const result: unknown = await call();
    if (isAsyncIterable(result)) await collect(result);
  } catch (error) {
    if (error instanceof AllSourceError) return error;
    throw error;
  }
  throw new Error('expected an error, but the call went through');
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** The first `count` items; ends the iteration behind them. */
export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const items: T[] = [];
  if (count === 0) return items;
  for await (const item of source) {
    items.push(item);
    if (items.length === count) break;
  }
  return items;
}

export const textOf = (bytes: Uint8Array | undefined): string =>
  Buffer.from(bytes ?? []).toString();

export async function* chunksOf(
  bytes: Uint8Array | string,
  chunkBytes = Infinity,
): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.length; at += chunkBytes) yield all.subarray(at, at + chunkBytes);
}

/** What the types forbid, on purpose: callers without types do it. */
export const wrong = (value: unknown): never => value as never;

export function newEvent(
  entityId: string,
  payload: JsonValue = {},
  more: Partial<NewEvent> = {},
): NewEvent {
  return { eventType: 'thing.done', entityId, payload, ...more };
}

/** One event as a line of NDJSON in the wire names; `payload` is JSON text, used as it is. */
export function line(entityId: string, payload = '{}', more: Record<string, unknown> = {}): string {
  const rest = JSON.stringify({ event_type: 'thing.done', entity_id: entityId, ...more });
  return `${rest.slice(0, -1)},"payload":${payload}}`;
}

export const uuid = (number: number): string =>
  `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

/** Fails unless positions and versions are gapless and no time goes backwards. */
export function expectOrdered(events: readonly StoredEvent[]): void {
  const versions = new Map<string, number>();
  let last = { position: 0, timestamp: 0 };
  for (const event of events) {
    const key = `${event.tenantId}/${event.entityId}`;
    const version = (versions.get(key) ?? 0) + 1;
    versions.set(key, version);
    if (event.position !== last.position + 1 || event.version !== version) {
      expect(event).toMatchObject({ position: last.position + 1, version });
    }
    expect(event.timestamp).toBeGreaterThanOrEqual(last.timestamp);
    last = event;
  }
}

/** Lets the event loop turn: what an await alone does not do. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits until `holds`; fails after ten seconds. */
export async function waitUntil(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('what the test waits for did not happen');
    await turn();
  }
}

export async function expectIntact(store: EmbeddedStore): Promise<void> {
  const report = await store.verify();
  expect(report.files.filter((file) => !file.ok)).toEqual([]);
  expect(report).toMatchObject({ ok: true, events: store.watermark });
}
