import type { JsonValue } from '../../domain/index.js';
import type { kindsOfRules } from './findings.js';

/** `backward`: what the previous schema takes, the next one must; `forward`: the other way round. */
export type CompatibilityDirection = 'backward' | 'forward';

/** What two schemas can be compared by. */
export type PairMode = 'BACKWARD' | 'FORWARD' | 'FULL';

export type CompatibilityMode = 'NONE' | PairMode | `${PairMode}_TRANSITIVE`;

/** The demand of a schema that a finding is about, whatever the direction. */
export type Rule = keyof typeof kindsOfRules;

export type FindingKind = (typeof kindsOfRules)[Rule][CompatibilityDirection];

/** A reason why two schemas are not compatible. */
export interface Finding {
  /**
   * JSON pointer of the keyword that refuses: into the next schema where the direction is `backward`, into the
   * previous one where it is `forward`, since there the next schema may have nothing at that place.
   */
  readonly pointer: string;
  readonly kind: FindingKind;
  readonly direction: CompatibilityDirection;
  /** What the previous schema says there; undefined where it says nothing. */
  readonly was: JsonValue | undefined;
  /** What the next schema says there; undefined where it says nothing. */
  readonly is: JsonValue | undefined;
  /** How to make it compatible; for what is `undecidable`, why it is, too. */
  readonly advice: string;
}

/** Whether a text matches a pattern anywhere; undefined where that can't be told. */
export type PatternMatcher = (pattern: string, text: string) => boolean | undefined;

export interface CompatibilityOptions {
  /** BACKWARD when it is left out. */
  readonly mode?: PairMode;
  /**
   * How names and values are matched with patterns. When it is left out, only patterns of plain text with `^`
   * and `$` are; for all others the answer may be `undecidable`. Patterns come from users: give an engine of linear time.
   */
  readonly matches?: PatternMatcher;
}

/** A demand that is not met by all that is given. */
export interface Refusal {
  readonly rule: Rule;
  readonly pointer: string;
  readonly given: JsonValue | undefined;
  readonly demanded: JsonValue | undefined;
  /** Why it can't be decided, or what the words are about, such as the name of a property. */
  readonly detail?: string;
}
