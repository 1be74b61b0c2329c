import { InvalidArgumentError, type Command } from 'commander';
import type { ConsumerOptions } from '../../consumers/index.js';
import { toWireMatches, type SubscriptionFilter } from '../../domain/index.js';
import type { EventStore } from '../../store/index.js';
import {
  addJsonFlag,
  addUrlFlag,
  readFilter,
  rfc3339Time,
  wholeNumberFrom,
  type FilterFlags,
} from '../options.js';
import { connectTo, defaultUrl } from '../target/index.js';

// What consumers and webhooks have in common on the command line: they are those of a server.

export interface ServerFlags {
  readonly url?: string;
  readonly json?: true;
  readonly tenant?: string;
}

type Start = NonNullable<ConsumerOptions['from']>;

export function addServerFlags(command: Command): Command {
  return addConnectionFlags(command).option(
    '--tenant <id>',
    'tenant that it is of (default default)',
  );
}

/** Without the tenant, which is also one of the filter flags. */
export function addConnectionFlags(command: Command): Command {
  return addJsonFlag(addUrlFlag(command));
}

/** Runs `work` on the server of the flags. */
export async function withServer(
  flags: ServerFlags,
  work: (store: EventStore) => Promise<void>,
): Promise<void> {
  const store = connectTo(flags.url ?? defaultUrl);
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

export function ofTenant({ tenant }: ServerFlags): { readonly tenantId: string | undefined } {
  return { tenantId: tenant };
}

export function readSubscriptionFilter(flags: FilterFlags): SubscriptionFilter {
  const { entityId, eventType, eventTypePrefix, tags } = readFilter(flags);
  return { entityId, eventType, eventTypePrefix, tags };
}

/** An argument parser for places to begin at. */
export function startPlace(text: string): Start {
  if (text === 'beginning' || text === 'now') return text;
  try {
    return /^\d+$/.test(text) ? wholeNumberFrom(1)(text) : { timestamp: rfc3339Time(text) };
  } catch {
    throw new InvalidArgumentError(
      'Expected beginning, now, a position from 1, or a time such as 2026-01-31T09:30:00Z.',
    );
  }
}

/** The flags of a filter as a person gives them. */
export function describeFilter(filter: SubscriptionFilter): string {
  const { entityId, eventType, eventTypePrefix, tags = [], match } = filter;
  const parts = [
    entityId === undefined ? '' : `entity ${entityId}`,
    eventType === undefined ? '' : `type ${eventType}`,
    eventTypePrefix === undefined ? '' : `type prefix ${eventTypePrefix}`,
    ...tags.map((tag) => `tag ${tag}`),
    match === undefined ? '' : `match ${JSON.stringify(toWireMatches(match))}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'all events' : parts.join(', ');
}
