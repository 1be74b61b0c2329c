import { formatTimestamp } from '../../domain/index.js';
import {
  type WebhookDelivery,
  type WebhookInfo,
  deliveryDocument,
  webhookDocument,
} from '../../webhooks/index.js';
import { formatCount, formatTime, printJson, printList, printNote, printPairs } from '../output.js';
import { describeFilter } from './server.js';

export function printWebhooks(webhooks: readonly WebhookInfo[], json: boolean): Promise<void> {
  return printList(webhooks, {
    json,
    document: webhookDocument,
    none: 'no webhooks; `allsource webhook create` makes one',
    columns: [
      { title: 'webhook', cell: ({ name }) => name },
      { title: 'status', cell: ({ status }) => status },
      { title: 'cursor', align: 'right', cell: ({ cursor }) => String(cursor) },
      { title: 'lag', align: 'right', cell: ({ lag }) => formatCount(lag) },
      {
        title: 'dead letters',
        align: 'right',
        cell: ({ deadLetters }) => formatCount(deadLetters),
      },
      { title: 'failures', align: 'right', cell: ({ failures }) => formatCount(failures) },
      { title: 'url', cell: ({ url }) => url },
    ],
  });
}

/** With the secret where it was told, which is once. */
export async function printWebhook(
  info: WebhookInfo & { readonly secret?: string },
  json: boolean,
): Promise<void> {
  const { secret } = info;
  if (json) {
    await printJson({ ...webhookDocument(info), ...(secret !== undefined && { secret }) });
    return;
  }
  const { status, pauseReason } = info;
  await printPairs([
    ['webhook', info.name],
    ['tenant', info.tenantId],
    ['url', info.url],
    info.pipelineId === null
      ? ['filter', describeFilter(info.filter)]
      : ['pipeline', info.pipelineId],
    ['status', pauseReason === null ? status : `${status}: ${pauseReason}`],
    ['cursor', String(info.cursor)],
    ['lag', formatCount(info.lag)],
    ['dead letters', formatCount(info.deadLetters)],
    ['taken', formatCount(info.taken)],
    ['refused', formatCount(info.refused)],
    ['unanswered', formatCount(info.unanswered)],
    ['failures', `${formatCount(info.failures)} in a row`],
    ['timeout', `${formatCount(info.timeoutMs)} ms`],
    ['pause after', `${formatCount(info.pauseAfter)} failures`],
    ['max attempts', formatCount(info.maxAttempts)],
    ...(secret === undefined ? [] : [['secret', secret] as const]),
  ]);
  if (secret !== undefined) printNote('the secret is not told again: give it to the receiver now');
}

export function printDeliveries(
  deliveries: readonly WebhookDelivery[],
  json: boolean,
): Promise<void> {
  return printList(deliveries, {
    json,
    document: deliveryDocument,
    none: 'no deliveries since the store was opened',
    columns: [
      { title: 'time', cell: ({ at }) => formatTime(formatTimestamp(at)) },
      { title: 'position', align: 'right', cell: ({ position }) => String(position) },
      { title: 'attempt', align: 'right', cell: ({ attempt }) => String(attempt) },
      { title: 'ms', align: 'right', cell: ({ durationMs }) => formatCount(durationMs) },
      {
        title: 'status',
        align: 'right',
        cell: ({ status }) => (status === null ? '' : String(status)),
      },
      { title: 'result', cell: ({ error }) => error ?? 'taken' },
    ],
  });
}
