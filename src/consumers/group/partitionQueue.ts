/**
 * Where one event of a partition stands. `parking`: it failed for the last time, and is about to be a
 * dead letter.
 */
type ItemState = 'queued' | 'inFlight' | 'parking' | 'done';

interface Item {
  readonly position: number;
  /** A dead letter that is delivered again. */
  readonly isReplay: boolean;
  /** Deliveries so far. */
  attempts: number;
  state: ItemState;
  /** When it was delivered last, and when that counts as failed; milliseconds. */
  takenAt: number;
  deadline: number;
  /** Why the last delivery failed. */
  reason: string;
}

export interface Taken {
  readonly position: number;
  /** 1 for the first delivery. */
  readonly attempt: number;
}

/** An event that failed for the last time. */
export interface Failed {
  readonly position: number;
  readonly isReplay: boolean;
  readonly attempts: number;
  readonly reason: string;
}

/** What a failed delivery leads to. */
export interface FailurePolicy {
  readonly maxAttempts: number;
  /** Milliseconds before the next delivery, after so many attempts. */
  readonly retryDelay: (attempts: number) => number;
}

/**
 * The events of one partition that were read and are not done, in the order of the log. An event is
 * delivered only when all before it have been, and one that waits for another try holds up those
 * behind it: so the entities, each of which has one partition, keep their order.
 */
export class PartitionQueue {
  readonly #policy: FailurePolicy;
  /** In order; a done item leaves when none before it is open. */
  readonly #items: Item[] = [];
  /** Go first. */
  readonly #replays: Item[] = [];
  #parking: Item[] = [];
  #retryAt = 0;
  #inFlight = 0;
  #readTo: number;

  constructor(cursor: number, policy: FailurePolicy) {
    this.#readTo = cursor;
    this.#policy = policy;
  }

  /** Every matching event up to here was read. */
  get readTo(): number {
    return this.#readTo;
  }
  /** Every matching event up to here is done. */
  get cursor(): number {
    const [first] = this.#items;
    return first === undefined ? this.#readTo : first.position - 1;
  }
  get inFlight(): number {
    return this.#inFlight;
  }
  /** Events of the log that are held here. */
  get size(): number {
    return this.#items.length;
  }

  /** Takes the next event of the log; `isDone` where it is a dead letter already. */
  add(position: number, isDone = false): void {
    if (!isDone || this.#items.length > 0) {
      this.#items.push(newItem(position, { isDone, isReplay: false }));
    }
    this.#readTo = position;
  }

  /** There is no further event of this partition up to a position. */
  passTo(position: number): void {
    this.#readTo = Math.max(this.#readTo, position);
  }

  addReplay(position: number): void {
    if (this.#replays.some((item) => item.position === position)) return;
    this.#replays.push(newItem(position, { isDone: false, isReplay: true }));
  }

  dropReplay(position: number): void {
    const at = this.#replays.findIndex((item) => item.position === position);
    const [item] = at < 0 ? [] : this.#replays.splice(at, 1);
    if (item?.state === 'inFlight') this.#inFlight -= 1;
    this.#parking = this.#parking.filter((other) => other !== item);
  }

  /** Up to `max` events that may be delivered now. */
  take(max: number, now: number, deadline: number): Taken[] {
    const taken: Taken[] = [];
    if (now < this.#retryAt) return taken;
    for (const list of [this.#replays, this.#items]) {
      for (const item of list) {
        if (taken.length === max || item.state === 'parking') return taken;
        if (item.state !== 'queued') continue;
        item.state = 'inFlight';
        item.attempts += 1;
        item.takenAt = now;
        item.deadline = deadline;
        this.#inFlight += 1;
        taken.push({ position: item.position, attempt: item.attempts });
      }
    }
    return taken;
  }

  isInFlight(position: number): boolean {
    return this.#inFlightItem(position) !== undefined;
  }

  /** The event in flight is done; undefined where it is not in flight (its time was over). */
  ack(position: number): { isReplay: boolean } | undefined {
    const item = this.#inFlightItem(position);
    if (item !== undefined) this.#finish(item);
    return item;
  }

  /** As if its time was over. `delay` in milliseconds, in the place of the usual one. */
  nack(position: number, failure: { now: number; reason: string; delay?: number }): boolean {
    const item = this.#inFlightItem(position);
    if (item !== undefined) this.#fail(item, failure);
    return item !== undefined;
  }

  /** Fails the first delivery whose time is over, which takes back those behind it. */
  expire(now: number): boolean {
    const first = this.#firstInFlight();
    if (first === undefined || first.deadline > now) return false;
    this.#fail(first, { now, reason: 'not acknowledged in time', delay: 0 });
    return true;
  }

  /** When the delivery that takes longest was made; undefined where none is open. */
  get oldestDelivery(): number | undefined {
    return this.#firstInFlight()?.takenAt;
  }

  /** Takes one delivery back, as if it had not been made; the caller gives back those behind it, too. */
  giveBack(position: number): void {
    const item = this.#inFlightItem(position);
    if (item !== undefined) this.#takeBack(item);
  }

  /** Takes all deliveries back. */
  release(): void {
    for (const item of [...this.#replays, ...this.#items]) this.#takeBack(item);
  }

  /** Events that are about to be dead letters: one of the log, one of the replays. */
  get parking(): readonly Failed[] {
    return this.#parking;
  }

  /** The event that was to be a dead letter is one. */
  parked(position: number): void {
    const item = this.#find(position);
    if (item?.state === 'parking') this.#finish(item);
  }

  /** When something happens here without anybody's call; Infinity where nothing does. */
  nextTime(now: number): number {
    const deadline = this.#firstInFlight()?.deadline ?? Infinity;
    return this.#retryAt > now ? Math.min(this.#retryAt, deadline) : deadline;
  }

  #find(position: number): Item | undefined {
    const replay = this.#replays.find((item) => item.position === position);
    return replay ?? itemAt(this.#items, position);
  }

  #inFlightItem(position: number): Item | undefined {
    const item = this.#find(position);
    return item?.state === 'inFlight' ? item : undefined;
  }

  /** Deliveries are made in order, so its deadline is the earliest of its list. */
  #firstInFlight(): Item | undefined {
    if (this.#inFlight === 0) return undefined;
    const is = (item: Item): boolean => item.state === 'inFlight';
    const [replay, item] = [this.#replays.find(is), this.#items.find(is)];
    if (replay === undefined || item === undefined) return replay ?? item;
    return replay.deadline <= item.deadline ? replay : item;
  }

  #finish(item: Item): void {
    if (item.state === 'inFlight') this.#inFlight -= 1;
    else this.#parking = this.#parking.filter((other) => other !== item);
    item.state = 'done';
    if (item.isReplay) {
      this.#replays.splice(this.#replays.indexOf(item), 1);
      return;
    }
    let done = 0;
    while (this.#items[done]?.state === 'done') done += 1;
    if (done > 0) this.#items.splice(0, done);
  }

  #fail(item: Item, failure: { now: number; reason: string; delay?: number }): void {
    this.#inFlight -= 1;
    const isLast = item.attempts >= this.#policy.maxAttempts;
    item.state = isLast ? 'parking' : 'queued';
    item.reason = failure.reason;
    if (isLast) this.#parking.push(item);
    else this.#waitFor(failure.now + (failure.delay ?? this.#policy.retryDelay(item.attempts)));
    const all = [...this.#replays, ...this.#items];
    // What was delivered behind it comes again behind it.
    for (const other of all.slice(all.indexOf(item) + 1)) this.#takeBack(other);
  }

  /** A replay and an event of the log may wait at the same time: the longer wait is kept. */
  #waitFor(retryAt: number): void {
    this.#retryAt = Math.max(this.#retryAt, retryAt);
  }

  #takeBack(item: Item): void {
    if (item.state !== 'inFlight') return;
    item.state = 'queued';
    item.attempts -= 1;
    this.#inFlight -= 1;
  }
}

function newItem(position: number, kind: { isDone: boolean; isReplay: boolean }): Item {
  const state = kind.isDone ? 'done' : 'queued';
  const { isReplay } = kind;
  return { position, isReplay, attempts: 0, state, takenAt: 0, deadline: Infinity, reason: '' };
}

/** Items are sorted by position. */
function itemAt(items: readonly Item[], position: number): Item | undefined {
  let low = 0;
  let high = items.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle]?.position ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return items[low]?.position === position ? items[low] : undefined;
}
