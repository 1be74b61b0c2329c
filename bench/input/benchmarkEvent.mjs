export const referenceEntityCount = 100;

/** The event of the reference's own benches. @param {number} index */
export function makeBenchmarkEvent(index) {
  return {
    eventType: 'benchmark.event',
    entityId: `entity-${index % referenceEntityCount}`,
    payload: { index, data: 'payload' },
  };
}
