import { formatTimestamp } from '../../domain/index.js';
import { replayDocument, type ReplayInfo } from '../../replays/index.js';
import { formatCount, formatTime, printJson, printList, printPairs } from '../output.js';

export function printReplays(replays: readonly ReplayInfo[], json: boolean): Promise<void> {
  return printList(replays, {
    json,
    document: replayDocument,
    none: 'no replays; `allsource replay start` begins one',
    columns: [
      { title: 'replay', cell: ({ replayId }) => replayId },
      { title: 'started', cell: ({ startedAt }) => formatTime(formatTimestamp(startedAt)) },
      { title: 'status', cell: ({ status }) => status },
      {
        title: 'events',
        align: 'right',
        cell: ({ processedEvents }) => formatCount(processedEvents),
      },
      { title: 'of', align: 'right', cell: ({ totalEvents }) => formatCount(totalEvents) },
      { title: 'projections', cell: ({ projections }) => projections.join(', ') },
    ],
  });
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
