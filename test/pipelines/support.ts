import type { JsonObject, JsonValue, StoredEvent } from '../../src/domain/index.js';
import { checkDefinition, createMachine } from '../../src/pipelines/index.js';
import type { MachineOptions, PipelineMachine, PipelineResult } from '../../src/pipelines/index.js';

export const second = 1_000_000;
export const minute = 60 * second;
export const hour = 60 * minute;

export const micros = (text: string): number => Date.parse(text) * 1_000;

let position = 0;

export function event(payload: JsonValue, rest: Partial<StoredEvent> = {}): StoredEvent {
  position += 1;
  return {
    id: `00000000-0000-7000-8000-${String(position).padStart(12, '0')}`,
    eventType: 'order.placed',
    entityId: 'order-1',
    tenantId: 'default',
    tags: [],
    metadata: null,
    timestamp: position * second,
    version: 1,
    position,
    partition: 0,
    payload,
    ...rest,
  };
}

export function machineOf(operators: unknown, options?: MachineOptions): PipelineMachine {
  return createMachine(checkDefinition({ name: 'test', operators }), options);
}

/** What a machine without slow lookups answers. */
export function now(result: PipelineResult | Promise<PipelineResult>): PipelineResult {
  if (result instanceof Promise) throw new Error('expected an answer at once');
  return result;
}

/** Values that come out of the payloads, each at a second of its own. */
export function valuesOf(operators: unknown, payloads: readonly JsonValue[]): JsonValue[] {
  const machine = machineOf(operators);
  return payloads.flatMap((payload) =>
    now(machine.process(event(payload))).emissions.map(({ value }) => value),
  );
}

/** The one value, or why there is none. */
export function outcomeOf(operators: unknown, payload: JsonValue): JsonValue {
  const { emissions, dropped } = now(machineOf(operators).process(event(payload)));
  return emissions[0]?.value ?? `${dropped[0]?.outcome}: ${dropped[0]?.reason}`;
}

export function result(value: JsonValue): JsonObject {
  // Tests know which results are objects.
  return value as JsonObject;
}
