import { type ConsumerInfo, consumerDocument } from '../../consumers/index.js';
import { formatTimestamp } from '../../domain/index.js';
import {
  formatCount,
  formatTime,
  printJson,
  printList,
  printPairs,
  TablePrinter,
  writeOut,
} from '../output.js';
import { describeFilter } from './server.js';

export function printConsumers(consumers: readonly ConsumerInfo[], json: boolean): Promise<void> {
  return printList(consumers, {
    json,
    document: consumerDocument,
    none: 'no consumers; `allsource consumer create` makes one',
    columns: [
      { title: 'consumer', cell: ({ name }) => name },
      { title: 'cursor', align: 'right', cell: ({ cursor }) => String(cursor) },
      { title: 'lag', align: 'right', cell: ({ lag }) => formatCount(lag) },
      { title: 'in flight', align: 'right', cell: ({ inFlight }) => formatCount(inFlight) },
      {
        title: 'dead letters',
        align: 'right',
        cell: ({ deadLetters }) => formatCount(deadLetters),
      },
      { title: 'members', align: 'right', cell: ({ members }) => formatCount(members.length) },
      { title: 'state', cell: describeState },
    ],
  });
}

export async function printConsumer(info: ConsumerInfo, json: boolean): Promise<void> {
  if (json) {
    await printJson(consumerDocument(info));
    return;
  }
  await printPairs([
    ['consumer', info.name],
    ['tenant', info.tenantId],
    ['filter', describeFilter(info.filter)],
    ['state', describeState(info)],
    ['cursor', String(info.cursor)],
    ['lag', formatCount(info.lag)],
    ['in flight', formatCount(info.inFlight)],
    ['dead letters', formatCount(info.deadLetters)],
    ['delivered', `${formatCount(info.delivered)}, ${formatCount(info.redelivered)} of them again`],
    ['acknowledged', formatCount(info.acknowledged)],
    ['last delivery', describeTime(info.lastDeliveryAt)],
    ['began at', String(info.start + 1)],
    ['max in flight', formatCount(info.maxInFlight)],
    ['ack timeout', `${formatCount(info.ackTimeoutMs)} ms`],
    ['max attempts', formatCount(info.maxAttempts)],
  ]);
  await printMembers(info);
}

async function printMembers({ members }: ConsumerInfo): Promise<void> {
  if (members.length === 0) return;
  await writeOut('\nmembers\n');
  const table = new TablePrinter([
    { title: 'member' },
    { title: 'partitions', align: 'right' },
    { title: 'in flight', align: 'right' },
    { title: 'oldest ms', align: 'right' },
    { title: 'idle ms', align: 'right' },
    { title: 'stuck' },
  ]);
  await table.print(
    members.map((state) => [
      state.member,
      String(state.partitions.length),
      formatCount(state.inFlight),
      state.oldestDeliveryMs === null ? '' : formatCount(Math.round(state.oldestDeliveryMs)),
      formatCount(Math.round(state.idleMs)),
      state.isStuck ? 'yes' : 'no',
    ]),
  );
}

function describeState({ failure }: ConsumerInfo): string {
  return failure === null ? 'ok' : `failed: ${failure.message}`;
}

function describeTime(micros: number | null): string {
  return micros === null ? 'none since the store was opened' : formatTime(formatTimestamp(micros));
}
