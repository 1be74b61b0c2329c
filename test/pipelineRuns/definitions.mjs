/** What the victim runs: running sums, panes by event time, and enriched events. */
export function definitions(pipeline) {
  return [
    pipeline('sums')
      .from('order.*')
      .filter('total', 'gte', 10)
      .map('total', 'multiply:2')
      .reduce({ function: 'sum', field: 'total', groupBy: ['region'] })
      .toEvent({ eventType: 'sum.changed', entityId: 'sum-{group.region}' }),
    pipeline('panes')
      .from('order.placed')
      .window(
        {
          sliding: { seconds: 20 },
          every: { seconds: 5 },
          timeField: 'at',
          lateness: { seconds: 15 },
        },
        { function: 'avg', field: 'total', groupBy: ['region'] },
      )
      .toEvent({ eventType: 'pane.closed', entityId: 'panes' }),
    pipeline('paid')
      .from('order.paid')
      .enrich({ source: { type: 'entity_state', keyField: '$entity_id' }, into: 'order' })
      .toEvent({ eventType: 'paid.enriched', entityId: 'paid' }),
  ];
}
