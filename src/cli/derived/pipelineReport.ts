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
  printList,
  printPairs,
  TablePrinter,
  writeOut,
} from '../output.js';

export function printPipelines(pipelines: readonly PipelineInfo[], json: boolean): Promise<void> {
  return printList(pipelines, {
    json,
    document: pipelineDocument,
    none: 'no pipelines; `allsource pipeline create` makes one',
    columns: [
      { title: 'pipeline', cell: ({ id }) => id },
      { title: 'name', cell: ({ name }) => name },
      { title: 'status', cell: ({ status }) => status },
      { title: 'position', align: 'right', cell: ({ position }) => String(position) },
      { title: 'lag', align: 'right', cell: ({ lag }) => formatCount(lag) },
      {
        title: 'processed',
        align: 'right',
        cell: ({ statistics }) => formatCount(statistics.processed),
      },
      {
        title: 'emitted',
        align: 'right',
        cell: ({ statistics }) => formatCount(statistics.emitted),
      },
      { title: 'failed', align: 'right', cell: ({ statistics }) => formatCount(statistics.failed) },
      { title: 'output', cell: ({ definition }) => describeOutput(definition) },
    ],
  });
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
  if (definition === null) return;
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

export function printDroppedEvents(dropped: readonly DroppedEvent[], json: boolean): Promise<void> {
  return printList(dropped, {
    json,
    document: droppedDocument,
    none: 'no event failed or came too late since the store was opened',
    columns: [
      { title: 'position', align: 'right', cell: ({ position }) => String(position) },
      { title: 'outcome', cell: ({ outcome }) => outcome },
      { title: 'reason', cell: ({ reason }) => reason },
    ],
  });
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

function describeOutput(definition: PipelineInfo['definition']): string {
  if (definition === null) return '';
  const { operators, output } = definition;
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
