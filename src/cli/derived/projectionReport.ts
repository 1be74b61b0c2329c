import {
  projectionDocument,
  type ParkedEvent,
  type ProjectedState,
  type ProjectionInfo,
  type StatePage,
} from '../../projections/index.js';
import {
  formatCount,
  printJson,
  printList,
  printNote,
  printPairs,
  TablePrinter,
  writeOut,
} from '../output.js';

export function printProjections(
  projections: readonly ProjectionInfo[],
  json: boolean,
): Promise<void> {
  return printList(projections, {
    json,
    document: projectionDocument,
    columns: [
      { title: 'projection', cell: ({ name }) => name },
      { title: 'kind', cell: ({ kind }) => kind },
      { title: 'version', align: 'right', cell: ({ version }) => String(version) },
      { title: 'status', cell: ({ status }) => status },
      { title: 'position', align: 'right', cell: ({ position }) => String(position) },
      { title: 'lag', align: 'right', cell: ({ lag }) => formatCount(lag) },
      { title: 'parked', align: 'right', cell: ({ eventsParked }) => formatCount(eventsParked) },
    ],
  });
}

export async function printProjection(info: ProjectionInfo, json: boolean): Promise<void> {
  if (json) {
    await printJson(projectionDocument(info));
    return;
  }
  const { status, failure, rebuild } = info;
  await printPairs([
    ['projection', info.name],
    ['tenant', info.tenantId],
    ['kind', info.kind],
    ['version', String(info.version)],
    ['status', failure === null ? status : `${status}: ${describeFailure(failure)}`],
    ['position', String(info.position)],
    ['lag', formatCount(info.lag)],
    ['processed', formatCount(info.eventsProcessed)],
    ['failed', formatCount(info.eventsFailed)],
    ['parked', formatCount(info.eventsParked)],
    ...(rebuild === null
      ? []
      : [
          [
            'rebuild',
            `version ${rebuild.version}, at ${rebuild.position} of ${rebuild.goal}`,
          ] as const,
        ]),
  ]);
}

function describeFailure({ position, reason }: NonNullable<ProjectionInfo['failure']>): string {
  return position === 0 ? reason : `position ${position}: ${reason}`;
}

/** Page by page, as they come. */
export async function printStates(
  pages: AsyncIterable<StatePage<unknown>['states']>,
  json: boolean,
): Promise<void> {
  const table = new TablePrinter([{ title: 'key' }, { title: 'state' }]);
  let count = 0;
  for await (const states of pages) {
    count += states.length;
    if (json) for (const { key, state } of states) await printJson({ key, state });
    else await table.print(states.map(({ key, state }) => [key, JSON.stringify(state)]));
  }
  if (count === 0 && !json) printNote('no states');
}

export async function printState(
  read: ProjectedState<unknown> & { readonly projection: string },
  json: boolean,
): Promise<void> {
  const { projection, key, state, position } = read;
  if (json) {
    await printJson({ projection, key, state, position });
    return;
  }
  await printPairs([
    ['projection', projection],
    ['key', key],
    ['position', String(position)],
  ]);
  await writeOut(`\nstate\n${JSON.stringify(state, null, 2)}\n`);
}

export function printParked(parked: readonly ParkedEvent[], json: boolean): Promise<void> {
  return printList(parked, {
    json,
    document: ({ position, reason }) => ({ position, reason }),
    none: 'no event was left out',
    columns: [
      { title: 'position', align: 'right', cell: ({ position }) => String(position) },
      { title: 'reason', cell: ({ reason }) => reason },
    ],
  });
}
