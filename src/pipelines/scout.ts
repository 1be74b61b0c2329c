import { EventTypes } from '../domain/index.js';
import type { EventCore } from '../domain/index.js';
import type { Operator, PipelineDefinition } from './definition/types.js';
import type { EnrichSource } from './operators/enrich.js';
import { makeStage } from './operators/makeStage.js';
import type { Stage } from './operators/stage.js';
import { Changes } from './state/changes.js';
import { Statistics } from './state/statistics.js';
import { Item } from './value/item.js';

/** What an event comes to without what came before it. */
const statelessTypes: readonly Operator['type'][] = ['filter', 'map', 'enrich'];

/**
 * Goes before a machine: puts events through the operators that depend on nothing but the event, so that
 * what they look up is asked for while the machine is at other events. What comes of it is thrown away;
 * the source keeps the answers. It changes no event.
 */
export class Scout {
  readonly #tenantId: string;
  readonly #types: EventTypes;
  readonly #stages: readonly Stage[];

  constructor(definition: PipelineDefinition, source: EnrichSource) {
    const { tenantId } = definition;
    this.#tenantId = tenantId;
    this.#types = new EventTypes(definition.sourceEventTypes);
    const changes = new Changes([]);
    const statistics = new Statistics();
    const nothing = { changes, statistics, send: () => undefined, columns: undefined };
    const enrich = { tenantId, source, position: () => 0 };
    this.#stages = operatorsBefore(definition).map((operator, place) =>
      makeStage(operator, { place, ...nothing }, enrich),
    );
  }

  /** Whether there is something to be asked for. */
  get isNeeded(): boolean {
    return this.#stages.length > 0;
  }

  /** Never rejects: the machine meets what is wrong itself. */
  async look(event: EventCore): Promise<void> {
    if (event.tenantId !== this.#tenantId || !this.#types.includes(event.eventType)) return;
    const item = Item.ofEvent(event);
    try {
      for (const stage of this.#stages) {
        if ((await stage.run(item)) !== 'next') return;
      }
    } catch {
      // The machine asks again.
    }
  }
}

/** Up to the last one that asks over HTTP, as long as no state comes before it. */
function operatorsBefore({ operators }: PipelineDefinition): readonly Operator[] {
  const isOther = (operator: Operator): boolean => !statelessTypes.includes(operator.type);
  const end = operators.findIndex(isOther);
  const stateless = end < 0 ? operators : operators.slice(0, end);
  return stateless.slice(0, stateless.findLastIndex(asksOverHttp) + 1);
}

function asksOverHttp(operator: Operator): boolean {
  return operator.type === 'enrich' && operator.source.type === 'http';
}
