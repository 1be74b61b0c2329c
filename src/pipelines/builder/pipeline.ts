import type { JsonValue } from '../../domain/index.js';
import { checkDefinition } from '../definition/checkDefinition.js';
import type { FilterOp, MapAction, PipelineDefinition } from '../definition/types.js';
import { aggregationToWire, enrichToWire, outputToWire, windowToWire } from './specToWire.js';
import type {
  AggregationSpec,
  EnrichSpec,
  EventOutputSpec,
  OutputSpec,
  PipelineOptions,
  ReduceSpec,
  TransformText,
  WindowSpec,
} from './types.js';

/**
 * Begins a definition. Every call answers a new builder and leaves the one before as it was; what is wrong
 * throws `validation_error` in the call that says it.
 */
export function pipeline(name: string, options: PipelineOptions = {}): PipelineBuilder {
  const { description, tenantId, enabled = true } = options;
  return new PipelineBuilder({
    name,
    ...(description !== undefined && { description }),
    ...(tenantId !== undefined && { tenant_id: tenantId }),
    enabled,
    source_event_types: [],
    operators: [],
  });
}

/** A definition on the wire, as far as it has come. */
interface Draft {
  readonly name: string;
  readonly description?: string;
  readonly tenant_id?: string;
  readonly enabled: boolean;
  readonly source_event_types: readonly string[];
  readonly operators: readonly unknown[];
  readonly output?: unknown;
}

/** A pipeline whose results go by its last operator, a branch. */
export interface BranchedPipeline {
  build(): PipelineDefinition;
}

export class PipelineBuilder {
  readonly #draft: Draft;
  readonly #definition: PipelineDefinition;

  constructor(draft: Draft) {
    this.#draft = draft;
    this.#definition = checkDefinition(draft);
  }

  /** Event types, or prefixes as `order.*`; without it, all. */
  from(...eventTypes: readonly string[]): PipelineBuilder {
    return new PipelineBuilder({ ...this.#draft, source_event_types: eventTypes });
  }

  /** Lets items pass whose field is so. */
  filter(field: string, op: 'eq' | 'ne' | 'contains', value: JsonValue): PipelineBuilder;
  filter(field: string, op: 'gt' | 'gte' | 'lt' | 'lte', value: number | string): PipelineBuilder;
  filter(field: string, op: 'in', value: readonly JsonValue[]): PipelineBuilder;
  filter(field: string, op: 'exists', value?: boolean): PipelineBuilder;
  filter(field: string, op: FilterOp, value?: JsonValue): PipelineBuilder {
    return this.#with({ type: 'filter', field, op, ...(value !== undefined && { value }) });
  }

  /** Changes a field. */
  map(
    field: string,
    change: TransformText | Exclude<MapAction, { transform: string }>,
  ): PipelineBuilder {
    const action = typeof change === 'string' ? { transform: change } : change;
    return this.#with({ type: 'map', field, ...action });
  }

  /** Running results by group. */
  reduce({ onFull, ...aggregation }: ReduceSpec): PipelineBuilder {
    const wire = aggregationToWire(aggregation);
    return this.#with({ type: 'reduce', ...wire, ...(onFull && { on_full: onFull }) });
  }

  /** Results by group and pane of time. */
  window(window: WindowSpec, aggregation: AggregationSpec): PipelineBuilder {
    return this.#with({
      type: 'window',
      config: windowToWire(window),
      aggregation: aggregationToWire(aggregation),
    });
  }

  /** Copies fields of what is found by a key. */
  enrich(enrich: EnrichSpec): PipelineBuilder {
    return this.#with({ type: 'enrich', ...enrichToWire(enrich) });
  }

  /** Chooses the output by a field; `usual` is for all other values. */
  branch(
    field: string,
    branches: Readonly<Record<string, OutputSpec>>,
    usual?: OutputSpec,
  ): BranchedPipeline {
    const entries = Object.entries(branches).map(([value, to]) => [value, outputToWire(to)]);
    return this.#with({
      type: 'branch',
      field,
      // Made of pairs of a name and an output.
      branches: Object.fromEntries(entries) as unknown,
      ...(usual !== undefined && { default: outputToWire(usual) }),
    });
  }

  /** Results become events of the store. */
  toEvent(output: EventOutputSpec): PipelineDefinition {
    return this.#to(outputToWire({ ...output, type: 'event' }));
  }

  toTopic(name: string): PipelineDefinition {
    return this.#to({ type: 'topic', name });
  }

  /** Results are posted to a URL, signed by the secret or by one that is made. */
  toWebhook(url: string, options: { readonly secret?: string } = {}): PipelineDefinition {
    return this.#to({ ...options, type: 'webhook', url });
  }

  /** The definition with the output that is used where none is told: the topic of its name. */
  build(): PipelineDefinition {
    return this.#definition;
  }

  #with(operator: unknown): PipelineBuilder {
    return new PipelineBuilder({
      ...this.#draft,
      operators: [...this.#draft.operators, operator],
    });
  }

  #to(output: unknown): PipelineDefinition {
    return checkDefinition({ ...this.#draft, output });
  }
}
