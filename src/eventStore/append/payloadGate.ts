import { AllSourceError } from '../../domain/index.js';
import type { ErrorDetail } from '../../domain/index.js';
import { enforcedNumber } from '../../engine/index.js';
import type { NativeStore } from '../../engine/index.js';

/**
 * Checks payloads before they are committed: what `SystemAccess.setSubject` gave a number is asked
 * about, and nothing else is parsed.
 */
export interface PayloadGate {
  /** Called before the first payload of an append: what the gate may spend on one begins anew. */
  begin(): void;
  /**
   * Called between staging and commit for each event of a subject, on the way of every append: it
   * must be quick, and must not throw. Returns the version of the schema that the payload is valid
   * under, which is stored with the event (0 = none is), or why it is refused.
   */
  check(subject: number, payload: unknown): number | PayloadRefusal;
}

export interface PayloadRefusal {
  /** As it was set. */
  readonly subject: string;
  readonly version: number;
  /** One at least; the gate bounds their number. */
  readonly violations: readonly PayloadViolation[];
}

export interface PayloadViolation {
  /** JSON pointer into the payload; empty = the payload itself. */
  readonly pointer: string;
  /** The keyword that is broken. */
  readonly rule: string;
  readonly message: string;
}

export interface RefusedPayload {
  /** Number of the event in its stage, from 0. */
  readonly event: number;
  readonly eventType: string;
  readonly refusal: PayloadRefusal;
}

interface Judgement {
  readonly slot: number;
  readonly isAtomic: boolean;
  readonly refused: RefusedPayload[];
}

/** Events whose payloads cross at a time. */
const pieceEvents = 1024;
const detailsMax = 16;
const refusedVerdict = -1;

/** Takes the payloads that have a subject through the gate, a piece of them at a time. */
export class PayloadChecks {
  gate: PayloadGate | undefined;
  readonly #native: NativeStore;
  readonly #numbers = new Float64Array(1 + pieceEvents * enforcedNumber.count);
  readonly #verdicts = new Float64Array(pieceEvents);

  constructor(native: NativeStore) {
    this.#native = native;
  }

  /**
   * What is refused of a staged slot. Of independent events the others can be committed; else nothing
   * can where something is refused, and what lies behind the piece with the first of them is not
   * looked at.
   */
  check(slot: number, { isAtomic }: { readonly isAtomic: boolean }): readonly RefusedPayload[] {
    const { gate } = this;
    if (gate === undefined) return [];
    const refused: RefusedPayload[] = [];
    if (isAtomic) gate.begin();
    for (let first = 0, total = this.#native.enforced(slot); first < total;) {
      const text = this.#native.enforcedPayloads(slot, first, this.#numbers);
      // The engine wrote an array of whole payloads.
      const payloads = JSON.parse(text) as readonly unknown[];
      this.#judge(gate, payloads, { slot, isAtomic, refused });
      this.#native.settleEnforced(slot, first, payloads.length, this.#verdicts);
      if (isAtomic && refused.length > 0) break;
      first += payloads.length;
    }
    return refused;
  }

  #judge(
    gate: PayloadGate,
    payloads: readonly unknown[],
    { slot, isAtomic, refused }: Judgement,
  ): void {
    for (let i = 0; i < payloads.length; i += 1) {
      const at = 1 + i * enforcedNumber.count;
      // Each is an append of its own.
      if (!isAtomic) gate.begin();
      const verdict = gate.check(this.#number(at + enforcedNumber.subject), payloads[i]);
      if (typeof verdict === 'number') {
        this.#verdicts[i] = verdict;
        continue;
      }
      const event = this.#number(at + enforcedNumber.event);
      const { eventType, isKnown } = this.#native.describeStaged(slot, event);
      // What is there already is not written again: whoever retries is told so, as ever.
      this.#verdicts[i] = isKnown ? 0 : refusedVerdict;
      if (!isKnown) refused.push({ event, eventType, refusal: verdict });
    }
  }

  #number(index: number): number {
    return this.#numbers[index] ?? 0;
  }
}

/** Where in its input an event is: nowhere to tell where the input is this event. */
export type EventPlace = Pick<ErrorDetail, 'event' | 'line'>;

/** The error of an append of which some payloads are refused: of one at least. */
export function payloadError(
  refused: readonly RefusedPayload[],
  placeOf: (event: number) => EventPlace,
): AllSourceError {
  const details: ErrorDetail[] = [];
  let message = '';
  for (const { event, eventType, refusal } of refused) {
    if (details.length === detailsMax) break;
    const { subject, version, violations } = refusal;
    const place = placeOf(event);
    for (const { pointer, rule, message: reason } of violations) {
      if (details.length === detailsMax) break;
      if (message === '') {
        const type = subject === eventType ? '' : ` of ${eventType}`;
        const schema = `schema ${subject} version ${version}`;
        message = `${placeText(place)}payload${pointer}: ${reason} (${schema}${type})`;
      }
      details.push({ field: 'payload', ...place, subject, version, pointer, rule, reason });
    }
  }
  const more = details.length > 1 ? `, and ${details.length - 1} more in details` : '';
  return new AllSourceError('payload_schema_violation', message + more, { details });
}

function placeText({ event, line }: EventPlace): string {
  if (line !== undefined) return `line ${line}: `;
  return event === undefined ? '' : `events[${event}]: `;
}

const lineFeed = 0x0a;
const blanks: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0d]);

/** Number of the line, from 1, of an event of NDJSON by its number, from 0: blank lines have none. */
export function lineOfEvent(bytes: Uint8Array, event: number): number {
  let line = 0;
  for (let begin = 0, events = 0; begin < bytes.length; line += 1) {
    const feed = bytes.indexOf(lineFeed, begin);
    const end = feed === -1 ? bytes.length : feed;
    let at = begin;
    while (at < end && blanks.has(bytes[at])) at += 1;
    if (at < end) {
      if (events === event) return line + 1;
      events += 1;
    }
    begin = end + 1;
  }
  return line;
}
