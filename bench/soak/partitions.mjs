import { check } from './model.mjs';

export const partitionCount = 32;
/** Entities below this number say nothing about balance. */
const entitiesMin = 2_000;
/** A fair hash with 31 degrees of freedom passes this once in 100 000 runs. */
const chiSquareMax = 76.9;

/** How evenly entities are spread over the partitions. */
export class Partitions {
  #entities = new Float64Array(partitionCount);
  #events = new Float64Array(partitionCount);

  /**
   * Takes each event once.
   *
   * @param {import('./model.mjs').WireEvent} event
   */
  count({ partition, version, entity_id: entityId }) {
    const isOne = Number.isInteger(partition) && partition >= 0 && partition < partitionCount;
    check(isOne, `${entityId}: partition ${partition}`);
    this.#events[partition] = (this.#events[partition] ?? 0) + 1;
    if (version === 1) this.#entities[partition] = (this.#entities[partition] ?? 0) + 1;
  }

  summarize() {
    const entities = this.#entities.reduce((sum, count) => sum + count, 0);
    const mean = entities / partitionCount;
    const chiSquare = this.#entities.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    const events = this.#events.reduce((sum, count) => sum + count, 0);
    return {
      entities,
      chiSquare,
      chiSquareMax,
      isBalanced: entities < entitiesMin || chiSquare <= chiSquareMax,
      entitiesMaxToMean: Math.max(...this.#entities) / mean,
      eventsMaxToMean: Math.max(...this.#events) / (events / partitionCount),
    };
  }
}
