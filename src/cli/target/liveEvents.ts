import { setTimeout as wait } from 'node:timers/promises';
import { AllSourceError, type ErrorCode } from '../../domain/index.js';
import { CliError } from '../failure.js';
import { printNote } from '../output.js';
import { readServerSentEvents } from './serverSentEvents.js';
import type { LiveFilter, ServerTarget } from './target.js';

const reconnectsMax = 120;
const reconnectWaitMs = 1000;

export interface FollowOptions {
  /** First position wanted; undefined = what is appended from now on. */
  readonly from: number | undefined;
  readonly filter: LiveFilter;
  readonly signal: AbortSignal;
}

/**
 * Events of the live stream, or messages of a topic, each once and in order, as lines of JSON. A lost connection is made
 * again where the stream was; a first connection that fails is an error. Ends when aborted.
 */
export async function* followLive(
  target: ServerTarget,
  options: FollowOptions,
): AsyncGenerator<Uint8Array> {
  const base = target.place;
  let from = options.from;
  let wasConnected = false;
  for (let losses = 0; losses <= reconnectsMax; losses += 1) {
    try {
      for await (const { line, nextPosition } of readMessages(target, { ...options, from })) {
        wasConnected = true;
        losses = 0;
        from = nextPosition ?? from;
        if (line !== undefined) yield line;
      }
    } catch (error) {
      if (options.signal.aborted) return;
      if (!wasConnected || !isWorthAnotherTry(error)) throw error;
    }
    if (options.signal.aborted) return;
    if (losses === 0) printNote(`${base}: the connection was lost, trying again`);
    // Rejects when aborted, which the next round sees.
    await wait(reconnectWaitMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
  throw new CliError(`${base}: the connection was lost and ${reconnectsMax} new attempts failed`);
}

interface LiveMessage {
  readonly line?: Uint8Array;
  /** Where a new connection has to go on. */
  readonly nextPosition?: number | undefined;
}

async function* readMessages(
  target: ServerTarget,
  { from, filter, signal }: FollowOptions,
): AsyncGenerator<LiveMessage> {
  const source = target.live({ ...filter, fromPosition: from }, signal);
  for await (const { data, event, id } of readServerSentEvents(source)) {
    if (event === 'message') yield { line: Buffer.from(data), nextPosition: Number(id) + 1 };
    else if (event === 'subscribed') yield { nextPosition: from ?? afterWatermark(data) };
    // A mark or a checkpoint: nothing that is wanted lies before it.
    else if (id !== '') yield { nextPosition: Number(id) + 1 };
  }
}

/** The first position that the watermark of `subscribed` does not cover yet. */
function afterWatermark(data: string): number {
  const greeting: unknown = JSON.parse(data);
  const isGreeting = typeof greeting === 'object' && greeting !== null && 'watermark' in greeting;
  return isGreeting && typeof greeting.watermark === 'number' ? greeting.watermark + 1 : 1;
}

const transientCodes: readonly ErrorCode[] = ['server_unreachable', 'shutting_down', 'overloaded'];

function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof AllSourceError && transientCodes.includes(error.code);
}
