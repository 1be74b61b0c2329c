import { AllSourceError } from '../../domain/index.js';
import type { ConsumerGroup } from '../group/group.js';
import type { CursorSaver } from './cursorSaver.js';
import type { DeadLetter, DeadLetters } from './deadLetters.js';

/** A dead letter that could not be written is tried again after this. */
const parkRetryMs = 1000;

interface ParkingOptions {
  /** Name of the consumer. */
  readonly name: string;
  readonly group: ConsumerGroup;
  readonly letters: DeadLetters;
  readonly saver: CursorSaver;
  /** Told when members may get other events. */
  readonly onChange: () => void;
}

/** Between the group of a consumer and its dead letters: what fails goes there, and comes back. */
export class Parking {
  readonly #options: ParkingOptions;
  readonly #underWay = new Set<number>();

  constructor(options: ParkingOptions) {
    this.#options = options;
  }

  /** Makes dead letters of what failed for the last time, each by one append. */
  parkFailed(): void {
    const { group, letters, saver, onChange } = this.#options;
    for (const failed of group.parking()) {
      const { partition, position } = failed;
      if (this.#underWay.has(position)) continue;
      this.#underWay.add(position);
      letters
        .park(failed)
        .then(() => {
          this.#underWay.delete(position);
          group.parked(partition, position);
          saver.worked(partition);
          saver.saveSoon();
          onChange();
        })
        .catch(() => {
          setTimeout(() => {
            this.#underWay.delete(position);
            onChange();
          }, parkRetryMs).unref();
        });
    }
  }

  /** Dead letters that are being delivered again, after a restart or a seek. */
  queueReplays(): void {
    const { group, letters } = this.#options;
    for (const { isReplayed, partition, position } of letters.list) {
      if (isReplayed) group.replay(partition, position);
    }
  }

  /** Delivers dead letters again, all of them where no positions are given; tells how many. */
  async replay(positions: readonly number[] | undefined, logBegin: number): Promise<number> {
    const { group, letters, onChange } = this.#options;
    const kept = letters.list.filter(({ position }) => position >= logBegin);
    const wanted = positions ?? kept.map(({ position }) => position);
    const gone = wanted.find((position) => position < logBegin);
    if (gone !== undefined) {
      throw new AllSourceError('events_dropped', `the event at ${gone} was dropped from the log`);
    }
    const found = wanted.map((position) => this.#letterAt(position));
    const parked = found.filter(({ isReplayed }) => !isReplayed);
    if (parked.length === 0) return 0;
    await letters.replay(parked.map(({ position }) => position));
    for (const { partition, position } of parked) group.replay(partition, position);
    onChange();
    return parked.length;
  }

  /**
   * Those of the positions whose events were dropped from the log, and that were being delivered again:
   * they can't be, and are dead letters no more.
   */
  async resolveDropped(dropped: readonly number[]): Promise<readonly number[]> {
    const { group, letters } = this.#options;
    const replays = dropped.filter((position) => letters.get(position)?.isReplayed === true);
    if (replays.length > 0) await letters.resolve([], replays);
    for (const position of replays) group.dropReplay(position);
    return replays;
  }

  #letterAt(position: number): DeadLetter {
    const letter = this.#options.letters.get(position);
    if (letter !== undefined) return letter;
    throw new AllSourceError(
      'dead_letter_not_found',
      `no dead letter of ${this.#options.name} has the position ${position}`,
    );
  }
}
