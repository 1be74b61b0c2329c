import { Failure } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import type { Aggregate } from '../aggregate/aggregate.js';
import type { WindowConfig } from '../definition/types.js';
import type { OpenPanes } from './openPanes.js';
import type { Pane } from './pane.js';
import { makePanesAt } from './paneRange.js';
import type { PaneRange } from './paneRange.js';

/** A value that is to go into the panes of its time. */
export interface Arrival {
  readonly time: number;
  readonly group: string;
  readonly value: JsonValue | undefined;
  /** Panes that end up to here are closed. */
  readonly watermark: number;
}

/** What an arrival does to one pane. */
export interface PaneChange extends PaneRange {
  /** Undefined where a new one is to be made. */
  readonly pane: Pane | undefined;
  readonly aggregate: Aggregate;
  /** Panes that become a part of it. */
  readonly replaced: readonly Pane[];
}

/** Which panes an arrival is in; none where it is late. Nothing is changed. */
export type PlanPanes = (arrival: Arrival) => readonly PaneChange[] | Failure;

export function makePlanPanes(
  config: WindowConfig,
  panes: OpenPanes,
  makeEmpty: () => Aggregate,
): PlanPanes {
  return config.windowType === 'session'
    ? sessionPanes(config.sessionTimeoutSeconds * 1_000_000, panes, makeEmpty)
    : fixedPanes(config, panes, makeEmpty);
}

function fixedPanes(
  config: Exclude<WindowConfig, { windowType: 'session' }>,
  panes: OpenPanes,
  makeEmpty: () => Aggregate,
): PlanPanes {
  const panesAt = makePanesAt(config);
  return ({ time, group, value, watermark }) => {
    const changes: PaneChange[] = [];
    for (const { start, end } of panesAt(time)) {
      if (end <= watermark) continue;
      const pane = panes.find(start, group);
      const aggregate = (pane?.aggregate ?? makeEmpty()).add(value);
      if (aggregate instanceof Failure) return aggregate;
      changes.push({ pane, start, end, aggregate, replaced: [] });
    }
    return changes;
  };
}

function sessionPanes(timeout: number, panes: OpenPanes, makeEmpty: () => Aggregate): PlanPanes {
  return ({ time, group, value, watermark }) => {
    const touched = [...panes.ofGroup(group)]
      .filter(({ start, end }) => start < time + timeout && time < end)
      .sort((a, b) => a.start - b.start);
    const [first, ...others] = touched;
    if (first === undefined && time + timeout <= watermark) return [];
    const merged = mergeAll(first?.aggregate ?? makeEmpty(), others);
    const aggregate = merged instanceof Failure ? merged : merged.add(value);
    if (aggregate instanceof Failure) return aggregate;
    const start = Math.min(time, first?.start ?? time);
    const end = Math.max(time + timeout, ...touched.map((pane) => pane.end));
    const pane = first?.start === start ? first : undefined;
    const replaced = pane === undefined ? touched : others;
    return [{ pane, start, end, aggregate, replaced }];
  };
}

function mergeAll(first: Aggregate, others: readonly Pane[]): Aggregate | Failure {
  let merged = first;
  for (const { aggregate } of others) {
    const next = merged.merge(aggregate);
    if (next instanceof Failure) return next;
    merged = next;
  }
  return merged;
}
