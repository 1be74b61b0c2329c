import { formatTimestamp } from '../../domain/index.js';
import { replayDocument, type ReplayInfo } from '../../replays/index.js';
import {
  formatCount,
  formatTime,
  printJson,
  printNote,
  printPairs,
  TablePrinter,
} from '../output.js';

export async function printReplays(replays: readonly ReplayInfo[], json: boolean): Promise<void> {
  if (json) {
    for (const info of replays) await printJson(replayDocument(info));
    return;
  }
  if (replays.length === 0) printNote('no replays; `allsource replay start` begins one');
  const table = new TablePrinter([
    { title: 'replay' },
    { title: 'started' },
    { title: 'status' },
    { title: 'events', align: 'right' },
    { title: 'of', align: 'right' },
    { title: 'projections' },
  ]);
  await table.print(
    replays.map((info) => [
      info.replayId,
      formatTime(formatTimestamp(info.startedAt)),
      info.status,
      formatCount(info.processedEvents),
      formatCount(info.totalEvents),
      info.projections.join(', '),
    ]),
  );
}

export async function printReplay(info: ReplayInfo, json: boolean): Promise<void> {
  if (json) {
    await printJson(replayDocument(info));
    return;
  }
  const { status, completedAt, errorMessage, remainingSeconds } = info;
  const ended: readonly [string, string][] =
    completedAt === null ? [] : [['ended', formatTime(formatTimestamp(completedAt))]];
  const left: readonly [string, string][] =
    remainingSeconds === null ? [] : [['remaining', formatDuration(remainingSeconds)]];
  await printPairs([
    ['replay', info.replayId],
    ['tenant', info.tenantId],
    ['projections', info.projections.join(', ')],
    ['mode', info.mode],
    ['status', errorMessage === null ? status : `${status}: ${errorMessage}`],
    ['started', formatTime(formatTimestamp(info.startedAt))],
    ...ended,
    ['events', `${formatCount(info.processedEvents)} of ${formatCount(info.totalEvents)}`],
    ['failed', formatCount(info.failedEvents)],
    ['a second', formatCount(info.eventsPerSecond)],
    ...left,
  ]);
}

/** Such as `42 s`, `3 min 20 s` or `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${formatCount(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}
