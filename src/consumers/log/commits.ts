import type { NewEvent, StoredEvent } from '../../domain/index.js';
import type { ConsumerGroup } from '../group/group.js';
import type { CursorSaver } from './cursorSaver.js';
import type { DeadLetters } from './deadLetters.js';

interface CommitsOptions {
  readonly group: ConsumerGroup;
  readonly letters: DeadLetters;
  readonly saver: CursorSaver;
  /** Throws where nothing may be done to the cursors any more. */
  readonly mustBeOpen: () => void;
  /** Told when members may get other events. */
  readonly onChange: () => void;
}

/** What members of this process commit; a seek waits for that, and lets no further commits begin. */
export class Commits {
  readonly #options: CommitsOptions;
  readonly #underWay = new Set<Promise<void>>();
  #isHeld = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  /** The cursors are about to be others: nothing is taken or saved meanwhile. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Records that an event was handled, and appends what came of it in the same frame. Undefined, and
   * nothing was appended, where it is no longer the member's to handle; else whether it was its last.
   */
  async commit(
    member: string,
    { position, partition }: Pick<StoredEvent, 'position' | 'partition'>,
    events: readonly NewEvent[],
  ): Promise<{ readonly isAcknowledged: boolean } | undefined> {
    const { group } = this.#options;
    if (this.#isHeld || !group.isHeld(partition, member, position)) return undefined;
    const commit = this.#record(partition, position, events);
    this.#underWay.add(commit);
    try {
      await commit;
    } finally {
      this.#underWay.delete(commit);
    }
    return { isAcknowledged: group.ackIn(partition, member, position) !== undefined };
  }

  /** Does something to the cursors while nothing is committed or saved. */
  exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(async () => {
      this.#options.mustBeOpen();
      this.#isHeld = true;
      try {
        await Promise.allSettled(this.#underWay);
        await work();
      } finally {
        this.#isHeld = false;
        this.#options.onChange();
      }
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #record(partition: number, position: number, events: readonly NewEvent[]): Promise<void> {
    const { letters, saver } = this.#options;
    if (letters.get(position)?.isReplayed === true) {
      await letters.resolve(events, [position]);
    } else if (events.length === 0) {
      saver.worked(partition);
    } else {
      await saver.commit(events, partition, position);
    }
  }
}
