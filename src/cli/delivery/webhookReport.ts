import { formatTimestamp } from '../../domain/index.js';
import {
  type WebhookDelivery,
  type WebhookInfo,
  deliveryDocument,
  webhookDocument,
} from '../../webhooks/index.js';
import {
  formatCount,
  formatTime,
  printJson,
  printNote,
  printPairs,
  TablePrinter,
} from '../output.js';
import { describeFilter } from './server.js';

export async function printWebhooks(
  webhooks: readonly WebhookInfo[],
  json: boolean,
): Promise<void> {
  if (json) {
    for (const info of webhooks) await printJson(webhookDocument(info));
    return;
  }
  if (webhooks.length === 0) printNote('no webhooks; `allsource webhook create` makes one');
  const table = new TablePrinter([
    { title: 'webhook' },
    { title: 'status' },
    { title: 'cursor', align: 'right' },
    { title: 'lag', align: 'right' },
    { title: 'dead letters', align: 'right' },
    { title: 'failures', align: 'right' },
    { title: 'url' },
  ]);
  await table.print(
    webhooks.map((info) => [
      info.name,
      info.status,
      String(info.cursor),
      formatCount(info.lag),
      formatCount(info.deadLetters),
      formatCount(info.failures),
      info.url,
    ]),
  );
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

export async function printDeliveries(
  deliveries: readonly WebhookDelivery[],
  json: boolean,
): Promise<void> {
  if (json) {
    for (const delivery of deliveries) await printJson(deliveryDocument(delivery));
    return;
  }
  if (deliveries.length === 0) printNote('no deliveries since the store was opened');
  const table = new TablePrinter([
    { title: 'time' },
    { title: 'position', align: 'right' },
    { title: 'attempt', align: 'right' },
    { title: 'ms', align: 'right' },
    { title: 'status', align: 'right' },
    { title: 'result' },
  ]);
  await table.print(
    deliveries.map(({ at, position, attempt, durationMs, status, error }) => [
      formatTime(formatTimestamp(at)),
      String(position),
      String(attempt),
      formatCount(durationMs),
      status === null ? '' : String(status),
      error ?? 'taken',
    ]),
  );
}
