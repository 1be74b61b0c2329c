/** Pipelines that speak to other servers: one posts its results, one asks for what it adds to them. */
export function outsideDefinitions(pipeline, { hook, lookup }) {
  return [
    pipeline('posted')
      .from('order.*')
      .reduce({ function: 'sum', field: 'total', groupBy: ['region'] })
      .toWebhook(hook),
    pipeline('asked')
      .from('order.*')
      .enrich({
        source: {
          type: 'http',
          url: `${lookup}/customers/{customer}`,
          timeoutMs: 500,
          cacheSeconds: 1,
          onFailure: 'wait',
        },
        into: 'of',
      })
      .toEvent({ eventType: 'asked.made', entityId: 'asked' }),
  ];
}
