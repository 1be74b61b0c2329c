import type { JsonValue } from '../../../domain/index.js';
import type { Containment } from '../containment.js';
import { keyword, pointerTo } from '../schema/document.js';
import type { SchemaNode } from '../schema/document.js';
import { undecided } from '../findings.js';
import type { Shape } from '../shape.js';
import type { Refusal, Rule } from '../types.js';

/** What is to be shown: all that is valid under the schemas given is valid under the demand. */
export interface Goal {
  readonly containment: Containment;
  readonly given: readonly SchemaNode[];
  /** What is known of what is given. */
  readonly shape: Shape;
  readonly demand: SchemaNode;
  /** The types that both have, as bits. */
  readonly types: number;
}

interface Refused {
  readonly rule: Rule;
  /** The place below the demand. */
  readonly at: readonly (string | number)[];
  readonly given: JsonValue | undefined;
  /** What the keyword says, where it is left out. */
  readonly demanded?: JsonValue | undefined;
  readonly detail?: string;
}

export function refuse({ demand }: Goal, { rule, at, given, demanded, detail }: Refused): Refusal {
  return {
    rule,
    pointer: pointerTo(demand.pointer, ...at),
    given,
    demanded: demanded ?? keyword(demand, String(at[0])),
    ...(detail === undefined ? {} : { detail }),
  };
}

export function undecidedAt(goal: Goal, word: string, reason: string, given?: JsonValue): Refusal {
  const { demand } = goal;
  const pointer = pointerTo(demand.pointer, word);
  return undecided({ pointer, given, demanded: keyword(demand, word) }, reason);
}

/** What is said of a keyword on the side that is given, for showing it. */
export function givenAt({ shape }: Goal, word: string): JsonValue | undefined {
  for (const node of shape.nodes) {
    const value = keyword(node, word);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Schemas as one value, for showing them. */
export function schemaOf(nodes: readonly SchemaNode[]): JsonValue | undefined {
  const [only, ...more] = nodes;
  if (only === undefined) return undefined;
  return more.length === 0 ? only.schema : { allOf: nodes.map(({ schema }) => schema) };
}
