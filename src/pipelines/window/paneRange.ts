import type { PaneRule } from '../definition/types.js';
import { CalendarPanes } from './calendar.js';

/** From `start` on, and before `end`: microseconds since 1970. */
export interface PaneRange {
  readonly start: number;
  readonly end: number;
}

/** The panes that a time is in. */
export type PanesAt = (time: number) => readonly PaneRange[];

/** Event times are within 100 000 days of 1970: from 1696 to 2243, where a double has whole microseconds. */
export const timeMicrosMax = 100_000 * 86_400_000_000;

const microsPerSecond = 1_000_000;

/** The panes of a rule that knows them beforehand; those of sessions depend on their events. */
export function makePanesAt(rule: Exclude<PaneRule, { windowType: 'session' }>): PanesAt {
  if (rule.windowType === 'tumbling' && 'calendarUnit' in rule) {
    const calendar = new CalendarPanes(rule.calendarUnit, rule.timeZone);
    return (time) => [calendar.paneAt(time)];
  }
  const size = rule.sizeSeconds * microsPerSecond;
  if (rule.windowType === 'tumbling') {
    return (time) => {
      const start = alignedStart(time, size);
      return [{ start, end: start + size }];
    };
  }
  const slide = rule.slideSeconds * microsPerSecond;
  return (time) => {
    const panes: PaneRange[] = [];
    for (let start = alignedStart(time, slide); start + size > time; start -= slide) {
      panes.push({ start, end: start + size });
    }
    return panes.reverse();
  };
}

/** The last multiple of `step` up to a time, before 1970 too; remainders are exact, quotients are not. */
export function alignedStart(time: number, step: number): number {
  const rest = time % step;
  return time - (rest < 0 ? rest + step : rest);
}
