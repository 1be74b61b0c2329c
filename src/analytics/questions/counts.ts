import { checkedLimit } from '../../eventStore/index.js';
import { Grouping } from './grouping.js';
import { checkNames, filterNames, percentageOf, selectionOf } from '../input.js';
import type { Selection } from '../input.js';
import { countsDefault, countsMax } from '../limits.js';
import type { Source } from '../source.js';
import { KeyCounts, TopCounts } from '../tables/keyCounts.js';
import type { NamedCount } from '../tables/keyCounts.js';
import type { Counts, CountsOptions, GroupBy } from '../types.js';

interface Found {
  readonly totalEvents: number;
  readonly distinct: number;
  readonly top: readonly NamedCount[];
}

export async function countsOf(source: Source, options: CountsOptions): Promise<Counts> {
  const { by = 'eventType', limit = countsDefault, ...filter } = options;
  checkNames(filter, filterNames);
  checkedLimit(limit, 1, countsMax, 'limit');
  const grouping = new Grouping(by, { field: 'by' });
  const selection = selectionOf(filter);
  const { totalEvents, distinct, top } =
    selection.isWhole && grouping.json.length === 0
      ? await fromIndex(source, selection, { by, limit })
      : await fromColumns(source, selection, { grouping, limit });
  return {
    totalEvents,
    distinct,
    counts: top.map(({ name, count }) => ({
      value: grouping.valueOf(name),
      count,
      percentage: percentageOf(count, totalEvents),
    })),
  };
}

async function fromIndex(
  source: Source,
  selection: Selection,
  { by, limit }: { readonly by: GroupBy; readonly limit: number },
): Promise<Found> {
  const top = new TopCounts(limit);
  let [totalEvents, distinct] = [0, 0];
  const take = (name: string, count: number): void => {
    top.add({ name, count });
    totalEvents += count;
    distinct += 1;
  };
  if (by === 'entityId') {
    for await (const one of source.entities(selection)) take(one.entityId, one.eventCount);
  } else {
    for await (const one of source.types(selection)) take(one.eventType, one.eventCount);
  }
  return { totalEvents, distinct, top: top.counts };
}

async function fromColumns(
  source: Source,
  selection: Selection,
  { grouping, limit }: { readonly grouping: Grouping; readonly limit: number },
): Promise<Found> {
  const { columns, json, table } = grouping;
  const counts = new KeyCounts(table);
  let totalEvents = 0;
  for await (const batch of source.batches(selection, { columns, json })) {
    counts.addIds(grouping.idsOf(batch));
    totalEvents += batch.rows;
  }
  return { totalEvents, distinct: counts.distinct, top: counts.top(limit) };
}
