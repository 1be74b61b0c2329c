import { formatTimestamp } from '../../domain/index.js';
import {
  droppedDocument,
  pipelineDocument,
  testDocument,
  type DroppedEvent,
  type PipelineInfo,
  type TestedPipeline,
} from '../../pipelineRuns/index.js';
import { definitionToWire, type PipelineDefinition } from '../../pipelines/index.js';
import {
  formatCount,
  formatTime,
  printJson,
  printNote,
  printPairs,
  TablePrinter,
  writeOut,
} from '../output.js';

export async function printPipelines(
  pipelines: readonly PipelineInfo[],
  json: boolean,
): Promise<void> {
  if (json) {
    for (const info of pipelines) await printJson(pipelineDocument(info));
    return;
  }
  if (pipelines.length === 0) printNote('no pipelines; `allsource pipeline create` makes one');
  const table = new TablePrinter([
    { title: 'pipeline' },
    { title: 'name' },
    { title: 'status' },
    { title: 'position', align: 'right' },
    { title: 'lag', align: 'right' },
    { title: 'processed', align: 'right' },
    { title: 'emitted', align: 'right' },
    { title: 'failed', align: 'right' },
    { title: 'output' },
  ]);
  await table.print(
    pipelines.map(({ id, name, status, position, lag, statistics, definition }) => [
      id,
      name,
      status,
      String(position),
      formatCount(lag),
      formatCount(statistics.processed),
      formatCount(statistics.emitted),
      formatCount(statistics.failed),
      describeOutput(definition),
    ]),
  );
}

export async function printPipeline(info: PipelineInfo, json: boolean): Promise<void> {
  if (json) {
    await printJson(pipelineDocument(info));
    return;
  }
  const { id, tenantId, name, status, failure, definition, lastProcessed } = info;
  await printPairs([
    ['pipeline', id],
    ['name', name],
    ['tenant', tenantId],
    ['status', failure === null ? status : `${status}: ${failure}`],
    ['output', describeOutput(definition)],
    ['position', String(info.position)],
    ['lag', formatCount(info.lag)],
    ...countsOf(info.statistics),
    ['last processed', lastProcessed === null ? 'nothing yet' : describeTime(lastProcessed)],
  ]);
  await writeOut(`\ndefinition\n${JSON.stringify(definitionToWire(definition), null, 2)}\n`);
}

export async function printTested(tested: TestedPipeline, json: boolean): Promise<void> {
  if (json) {
    await printJson(testDocument(tested));
    return;
  }
  const { emissions, dropped, statistics } = tested;
  const results = new TablePrinter([{ title: 'time' }, { title: 'output' }, { title: 'value' }]);
  await results.print(
    emissions.map(({ time, output, value }) => [
      describeTime(time),
      describePlace(output),
      JSON.stringify(value),
    ]),
  );
  const losses = new TablePrinter([{ title: 'outcome' }, { title: 'reason' }]);
  if (emissions.length > 0 && dropped.length > 0) await writeOut('\n');
  await losses.print(dropped.map(({ outcome, reason }) => [outcome, reason]));
  if (emissions.length + dropped.length > 0) await writeOut('\n');
  await printPairs(countsOf(statistics));
}

export async function printDroppedEvents(
  dropped: readonly DroppedEvent[],
  json: boolean,
): Promise<void> {
  if (json) {
    for (const event of dropped) await printJson(droppedDocument(event));
    return;
  }
  if (dropped.length === 0) {
    printNote('no event failed or came too late since the store was opened');
  }
  const table = new TablePrinter([
    { title: 'position', align: 'right' },
    { title: 'outcome' },
    { title: 'reason' },
  ]);
  await table.print(dropped.map((event) => [String(event.position), event.outcome, event.reason]));
}

function countsOf(statistics: PipelineInfo['statistics']): (readonly [string, string])[] {
  return [
    ['processed', formatCount(statistics.processed)],
    ['filtered', formatCount(statistics.filtered)],
    ['failed', formatCount(statistics.failed)],
    ['late', formatCount(statistics.late)],
    ['emitted', formatCount(statistics.emitted)],
    ['evicted groups', formatCount(statistics.evicted)],
    ['open panes', formatCount(statistics.openPanes)],
  ];
}

function describeOutput({ operators, output }: PipelineDefinition): string {
  const last = operators.at(-1);
  return last?.type === 'branch' ? `by ${last.field}` : describePlace(output);
}

function describePlace(output: PipelineDefinition['output']): string {
  switch (output.type) {
    case 'event':
      return `event ${output.eventType} of ${output.entityId}`;
    case 'topic':
      return `topic ${output.name}`;
    case 'webhook':
      return `webhook ${output.url}`;
  }
}

function describeTime(micros: number): string {
  return formatTime(formatTimestamp(micros));
}
