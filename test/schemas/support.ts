import { AllSourceError, type JsonObject, type JsonValue } from '../../src/domain/index.js';

/** What a call throws. */
export function refusalOf(call: () => unknown): AllSourceError {
  try {
    call();
  } catch (error) {
    if (error instanceof AllSourceError) return error;
    throw error;
  }
  throw new Error('expected a refusal, got none');
}

/** A schema of so many levels. */
export function nested(levels: number): JsonObject {
  return levels === 1 ? { type: 'string' } : { properties: { a: nested(levels - 1) } };
}

/** Definitions of which each names the next. */
export function chain(definitions: number): JsonObject {
  const $defs: Record<string, JsonValue> = {};
  for (let i = 0; i < definitions; i += 1) {
    const isLast = i === definitions - 1;
    $defs[`d${i}`] = isLast ? {} : { properties: { a: { $ref: `#/$defs/d${i + 1}` } } };
  }
  return { $defs, $ref: '#/$defs/d0' };
}

/** A payload of so many levels. */
export function deepPayload(levels: number): JsonValue {
  let payload: JsonValue = 1;
  for (let i = 0; i < levels; i += 1) payload = { a: payload };
  return payload;
}

/** Time of the processor for a call, in milliseconds: what else runs on the machine does not count. */
export function cpuMsOf(call: () => unknown): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
