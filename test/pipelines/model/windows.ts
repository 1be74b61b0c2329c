// Windows over plain lists of panes; the panes of a time are found by trying.
import { parseTimestamp } from '../../../src/domain/index.js';
import type { JsonValue } from '../../../src/domain/index.js';
import { add, join, nothing } from './aggregates.js';
import type { Added } from './aggregates.js';
import { ItemFails, get } from './values.js';
import type { ModelItem, Wire } from './values.js';

export interface ModelPane {
  readonly start: number;
  readonly end: number;
  /** Canonical JSON of its values, in an array. */
  readonly group: string;
  readonly added: Added;
}

export interface WindowState {
  readonly watermark: number;
  readonly panes: readonly ModelPane[];
}

export const emptyWindow: WindowState = { watermark: -Infinity, panes: [] };

const second = 1_000_000;

export function timeOf(config: Wire, item: ModelItem): number {
  const field = config['time_field'];
  let time = field === undefined ? item.time : get(item, String(field));
  if (typeof time === 'string') {
    try {
      time = parseTimestamp(time, '');
    } catch {
      throw new ItemFails();
    }
  }
  const isTime = typeof time === 'number' && Number.isInteger(time);
  if (!isTime || Math.abs(time as number) > 8.64e15) throw new ItemFails();
  return time as number;
}

const secondsOf = (config: Wire, name: string): number => Number(config[name]) * second;

export function laterWatermark(config: Wire, state: WindowState, time: number): number {
  return Math.max(state.watermark, time - secondsOf(config, 'allowed_lateness_seconds'));
}

/** The window with a value in it; undefined where it is late. */
export function intoWindow(
  { config, aggregation }: { readonly config: Wire; readonly aggregation: Wire },
  state: WindowState,
  { time, group, value }: { time: number; group: string; value: JsonValue | undefined },
): WindowState | undefined {
  const watermark = laterWatermark(config, state, time);
  const name = String(aggregation['function']);
  const next =
    config['window_type'] === 'session'
      ? intoSession(secondsOf(config, 'session_timeout_seconds'), name)
      : intoFixed(config, name);
  const panes = next(state.panes, { time, group, value, watermark });
  if (panes === undefined) return undefined;
  const isFull =
    panes.filter(({ end }) => end > watermark).length > Number(aggregation['max_groups']);
  if (isFull) throw new ItemFails();
  return { watermark, panes };
}

interface Arrival {
  readonly time: number;
  readonly group: string;
  readonly value: JsonValue | undefined;
  readonly watermark: number;
}
type Into = (panes: readonly ModelPane[], arrival: Arrival) => ModelPane[] | undefined;

function intoFixed(config: Wire, name: string): Into {
  return (panes, { time, group, value, watermark }) => {
    const open = rangesOf(config, time).filter(({ end }) => end > watermark);
    if (open.length === 0) return undefined;
    let next = [...panes];
    for (const { start, end } of open) {
      const isIt = (pane: ModelPane): boolean => pane.start === start && pane.group === group;
      const added = add(name, next.find(isIt)?.added ?? nothing, value);
      next = [...next.filter((pane) => !isIt(pane)), { start, end, group, added }];
    }
    return next;
  };
}

function intoSession(timeout: number, name: string): Into {
  return (panes, { time, group, value, watermark }) => {
    const isNear = (pane: ModelPane): boolean =>
      pane.group === group && pane.start < time + timeout && time < pane.end;
    const near = panes.filter(isNear).sort((a, b) => a.start - b.start);
    const start = Math.min(time, ...near.map((pane) => pane.start));
    const end = Math.max(time + timeout, ...near.map((pane) => pane.end));
    if (end <= watermark) return undefined;
    const [first = nothing, ...others] = near.map((pane) => pane.added);
    const joined = others.reduce((all, other) => join(name, all, other), first);
    const added = add(name, joined, value);
    return [...panes.filter((pane) => !isNear(pane)), { start, end, group, added }];
  };
}

/** Moves time on, and answers what closed. */
export function closeWindow(
  state: WindowState,
  watermark: number,
): { readonly state: WindowState; readonly closed: readonly ModelPane[] } {
  const closed = state.panes
    .filter(({ end }) => end <= watermark)
    .sort((a, b) => a.end - b.end || a.start - b.start || (a.group < b.group ? -1 : 1));
  const panes = state.panes.filter(({ end }) => end > watermark);
  return { state: { watermark, panes }, closed };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function rangesOf(config: Wire, time: number): Range[] {
  const unit = config['calendar_unit'];
  if (unit !== undefined) return [calendarRange(String(unit), String(config['time_zone']), time)];
  const size = secondsOf(config, 'size_seconds');
  const isSliding = config['window_type'] === 'sliding';
  const slide = isSliding ? secondsOf(config, 'slide_seconds') : size;
  const ranges: Range[] = [];
  const guess = BigInt(time - size) / BigInt(slide);
  for (let number = guess - 2n; number * BigInt(slide) <= BigInt(time); number += 1n) {
    const start = Number(number * BigInt(slide));
    if (start + size > time) ranges.push({ start, end: start + size });
  }
  return ranges;
}

const hour = 3_600 * second;
const dates = new Map<string, Intl.DateTimeFormat>();
const ranges = new Map<string, Range>();

/** From hour to hour, as long as the date shown is of the same unit. */
function calendarRange(unit: string, zone: string, time: number): Range {
  const at = Math.floor(time / hour);
  const key = `${unit} ${zone} ${at}`;
  const known = ranges.get(key);
  if (known !== undefined) return known;
  const name = unitName(unit, zone, at);
  let [start, end] = [at, at];
  while (unitName(unit, zone, start - 1) === name) start -= 1;
  while (unitName(unit, zone, end) === name) end += 1;
  const range = { start: start * hour, end: end * hour };
  ranges.set(key, range);
  return range;
}

function unitName(unit: string, zone: string, at: number): string {
  const format = dates.get(zone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone: zone });
  dates.set(zone, format);
  const date = format.format(at * 3_600_000);
  if (unit === 'month') return date.slice(0, 7);
  if (unit === 'day') return date;
  const day = new Date(`${date}T00:00:00Z`);
  while (day.getUTCDay() !== 1) day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString();
}
