import { AllSourceError } from '../domain/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type { ConsumerGroup } from './group/group.js';
import type { Taken } from './group/partitionQueue.js';
import type { GroupReader } from './log/groupReader.js';
import type { Parking } from './log/parking.js';
import type { ConsumerDelivery } from './types.js';

interface DeliveriesOptions {
  readonly log: SystemAccess;
  readonly group: ConsumerGroup;
  readonly reader: GroupReader;
  readonly parking: Parking;
  /** Told when members may get other events. */
  readonly onChange: () => void;
  /** Told when something was delivered: it is awaited from now on. */
  readonly onDelivered: () => void;
}

/** Whom events are for, and whether they are still waited for. */
interface Receiver {
  readonly member: string;
  readonly signal?: AbortSignal | undefined;
}

/** Of the positions that were read the first `given`, and the answer that is made of them. */
interface Given<Answer> {
  readonly given: number;
  readonly answer: (taken: readonly Taken[]) => Answer;
}

/** Brings events that were taken of a group to members. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  #delivered = 0;
  #redelivered = 0;
  #lastAt: number | null = null;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  get counts(): { readonly delivered: number; readonly redelivered: number } {
    return { delivered: this.#delivered, redelivered: this.#redelivered };
  }
  /** Microseconds since 1970; null where there was none. */
  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** Events; those that do not fit an answer are given back. */
  events(receiver: Receiver, taken: readonly Taken[]): Promise<ConsumerDelivery[]> {
    return this.#read(receiver, taken, async (positions) => {
      const { events } = await this.#options.log.eventsAt(positions);
      const toDelivery = ({ attempt }: Taken, i: number): ConsumerDelivery[] => {
        const event = events[i];
        return event === undefined ? [] : [{ event, attempt }];
      };
      return { given: events.length, answer: (given) => given.flatMap(toDelivery) };
    });
  }

  /** The same as JSON texts in the wire names; payloads are the bytes that were appended. */
  texts(receiver: Receiver, taken: readonly Taken[]): Promise<string[]> {
    return this.#read(receiver, taken, async (positions) => {
      const { bytes } = await this.#options.log.bytesAt(positions, 'lines');
      const texts = linesOf(bytes);
      const toText = ({ attempt }: Taken, i: number): string =>
        `{"attempt":${attempt},"event":${texts[i]}}`;
      return { given: texts.length, answer: (given) => given.map(toText) };
    });
  }

  /** JSON texts of events that are still in the log, by position. */
  async textsOf(positions: readonly number[]): Promise<Map<number, string>> {
    const { log } = this.#options;
    const texts = new Map<number, string>();
    const kept = positions.filter((position) => position >= log.logBegin);
    while (texts.size < kept.length) {
      const left = kept.slice(texts.size);
      const { bytes } = await log.bytesAt(left, 'lines');
      for (const [i, text] of linesOf(bytes).entries()) texts.set(left[i] ?? 0, text);
    }
    return texts;
  }

  /** Takes back what did not reach the member, or what its handler did not get to. */
  giveBack(member: string, positions: readonly number[]): void {
    if (positions.length === 0) return;
    this.#options.group.giveBack(member, positions);
    this.#options.onChange();
  }

  /** What does not reach the member is given back. */
  async #read<Answer>(
    receiver: Receiver,
    taken: readonly Taken[],
    read: (positions: readonly number[]) => Promise<Given<Answer>>,
  ): Promise<Answer> {
    const { member, signal } = receiver;
    // Partitions take turns; the log is read in its order.
    const sorted = [...taken].sort((a, b) => a.position - b.position);
    const positions = sorted.map(({ position }) => position);
    try {
      const { given, answer } = await read(positions);
      const reached = signal?.aborted === true ? 0 : given;
      if (reached > 0) this.#lastAt = Date.now() * 1000;
      this.giveBack(member, positions.slice(reached));
      this.#options.onDelivered();
      this.#delivered += reached;
      this.#redelivered += sorted.slice(0, reached).filter((one) => one.attempt > 1).length;
      return answer(sorted.slice(0, reached));
    } catch (error) {
      this.giveBack(member, positions);
      if (!(await this.#resolveDropped(positions, error))) throw error;
      return this.#read(receiver, [], read);
    }
  }

  /**
   * Dead letters whose events were dropped from the log can't be delivered again. False where that was
   * not all; what of the log was dropped before it was delivered is told until it is sought elsewhere.
   */
  async #resolveDropped(positions: readonly number[], error: unknown): Promise<boolean> {
    const { log, group, reader, parking, onChange } = this.#options;
    const begin = log.logBegin;
    const dropped = positions.filter((position) => position < begin);
    const replays = await parking.resolveDropped(dropped);
    const isAll = replays.length === dropped.length;
    // A seek may have gone past them meanwhile.
    const isBehind = Math.min(...group.cursors) < begin - 1;
    if (!isAll && isBehind && error instanceof AllSourceError) reader.fail(error);
    if (dropped.length > 0) onChange();
    return dropped.length > 0 && isAll;
  }
}

function linesOf(bytes: Buffer): string[] {
  return bytes.length === 0 ? [] : bytes.toString('utf8').trimEnd().split('\n');
}
