import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '../../src/client/node.js';
import type { ConsumerInfo, EventStore, StoredEvent } from '../../src/index.js';
import { type Random, makeRandom } from '../crash/random.js';
import { collect } from '../support/store.js';
import { checkConsumer } from './consumerCheck.js';
import { isMatch, pick, randomFilter } from './filters.js';
import { Members, consumerName } from './members.js';
import type { ServerProcess } from './serverProcess.js';
import { Subscriber } from './subscribers.js';
import { TcpProxy } from './tcpProxy.js';
import { Trace } from './trace.js';
import { Ledger, appendSomething } from './writers.js';

/** Without any progress, which a machine that is busy with other work makes slowly. */
const settleMsMax = 40_000;
const lookEveryMs = 60;
const retryForMs = 60_000;
const writerTimeoutMs = 1_500;

export interface HistoryOptions {
  readonly seed: number;
  readonly server: ServerProcess;
  /** Says that its disturbed part is over; resolves when nobody kills the server any more. */
  readonly untilCalm: () => Promise<void>;
}

/** One random program of writers, subscribers and members of a consumer in a tenant of its own. */
export class History {
  events = 0;
  problems: string[] = [];
  readonly #random: Random;
  readonly #options: HistoryOptions;
  readonly #tenantId: string;
  readonly #proxy: TcpProxy;
  readonly #direct: EventStore;
  readonly #trace: Trace;
  readonly ledger = new Ledger();
  readonly subscribers: readonly Subscriber[];
  readonly members: Members;
  readonly #group;
  #isActive = true;
  #isLooking = true;

  private constructor(options: HistoryOptions, proxy: TcpProxy) {
    const random = makeRandom(options.seed);
    this.#random = random;
    this.#options = options;
    this.#proxy = proxy;
    this.#tenantId = `t${options.seed}`;
    this.#direct = connect(options.server.url, { retryForMs });
    this.#trace = new Trace(options.server);
    this.#group = {
      tenantId: this.#tenantId,
      filter: randomFilter(random, false),
      ackTimeoutMs: pick(random, [300, 500]),
      maxAttempts: 2 + random(2),
      maxInFlight: pick(random, [3, 20, 1_000]),
    };
    this.subscribers = Array.from({ length: 1 + random(3) }, () => this.#newSubscriber());
    const { seed } = options;
    this.members = new Members({
      url: proxy.url,
      seed,
      trace: this.#trace,
      options: this.#group,
    });
  }

  static async open(options: HistoryOptions): Promise<History> {
    return new History(options, await TcpProxy.open(options.server.port));
  }

  get counts() {
    return this.#proxy.counts;
  }

  /** Gives what it found to be wrong. */
  async run(): Promise<readonly string[]> {
    try {
      await this.#play();
    } finally {
      this.members.stop();
      await this.#direct.close();
      await this.#proxy.close();
    }
    return this.problems;
  }

  async #play(): Promise<void> {
    const random = this.#random;
    const slots = Array.from({ length: 1 + random(3) }, () => makeRandom(this.#nextSeed()));
    const writers = Array.from({ length: 1 + random(2) }, () => makeRandom(this.#nextSeed()));
    const reading = this.subscribers.map((subscriber) => subscriber.run());
    const disturbing = this.#disturb(makeRandom(this.#nextSeed()));
    const writing = writers.map((one) => this.#write(one));
    const { start } = await this.#createConsumer();
    const looking = this.#look(makeRandom(this.#nextSeed()));
    // Where the history ends before it does, that is told.
    looking.catch(() => undefined);
    const working = slots.map((one, slot) => this.members.occupy(slot, one));
    await Promise.all(writing);
    this.#isActive = false;
    await disturbing;
    await this.#options.untilCalm();
    this.members.calm();
    await this.#settled(start);
    await this.#replay();
    await this.#settled(start);
    this.#isLooking = false;
    this.members.stop();
    await this.#inTime('members', Promise.all([...working, looking]));
    // A member that was late with an event that is a dead letter by now may have appended meanwhile.
    const log = await this.#read();
    for (const subscriber of this.subscribers) subscriber.finish(log);
    await this.#inTime('subscribers', Promise.all(reading));
    await this.#check(log, start);
  }

  #nextSeed(): number {
    return this.#random(2 ** 32);
  }

  #newSubscriber(): Subscriber {
    return new Subscriber({
      url: this.#proxy.url,
      tenantId: this.#tenantId,
      random: makeRandom(this.#nextSeed()),
      watermark: async () => (await this.#direct.stats()).watermark,
    });
  }

  async #createConsumer(): Promise<ConsumerInfo> {
    const from = pick(this.#random, ['beginning', 'beginning', 'now'] as const);
    if (from === 'now') await wait(this.#random(300));
    return this.#direct.consumers.create({ name: consumerName, from, ...this.#group });
  }

  async #write(random: Random): Promise<void> {
    const appends = 6 + random(24);
    const writerRetryForMs = pick(random, [0, 300, 10_000]);
    const options = { timeoutMs: writerTimeoutMs, retryForMs: writerRetryForMs };
    const client = connect(this.#proxy.url, options);
    const pauseMs = 20 + random(100);
    for (let i = 0; i < appends; i += 1) {
      await appendSomething(client, this.ledger, { tenantId: this.#tenantId, random });
      await wait(random(pauseMs));
    }
    await client.close();
  }

  /** Cuts, refusals and stalls, one after the other. */
  async #disturb(random: Random): Promise<void> {
    while (this.#isActive) {
      await wait(100 + random(700));
      switch (random(6)) {
        case 0:
          this.#proxy.refuse();
          await wait(random(250));
          break;
        case 1:
          this.#proxy.stall();
          await wait(random(800));
          if (random(2) === 0) this.#proxy.cutAll();
          break;
        case 2:
          this.#proxy.cutAll();
          break;
        default:
          this.#proxy.cutInTheMiddle(random);
          await wait(random(200));
      }
      this.#proxy.calm();
    }
  }

  /** Looks at the consumer and its dead letters, and has some of these delivered again. */
  async #look(random: Random): Promise<void> {
    while (this.#isLooking) {
      await this.#lookAtMembers();
      const letters = await this.#lookAtLetters();
      const chosen = letters.filter(() => random(4) === 0);
      if (this.#isActive && chosen.length > 0) await this.#replayThese(chosen, random(3) > 0);
      await wait(random(2 * lookEveryMs));
    }
  }

  async #lookAtMembers(): Promise<ConsumerInfo> {
    const info = await (await this.#consumer()).info();
    this.#trace.add({ kind: 'members', told: this.#trace.now(), members: info.members });
    return info;
  }

  async #lookAtLetters(): Promise<readonly number[]> {
    const asked = this.#trace.now();
    const letters = await (await this.#consumer()).deadLetters();
    if (letters.length > 0) {
      this.#trace.add({ kind: 'letters', asked, told: this.#trace.now(), letters });
    }
    return letters.filter(({ isReplayed }) => !isReplayed).map(({ position }) => position);
  }

  async #replayThese(positions: readonly number[], isHealing: boolean): Promise<void> {
    if (isHealing) for (const position of positions) this.members.healed.add(position);
    this.#trace.add({ kind: 'replaying', told: this.#trace.now(), positions });
    const consumer = await this.#consumer();
    await consumer.replayDeadLetters(positions).catch((error: unknown) => {
      // An answer that a kill took: the first attempt had all of it done.
      if (!String(error).includes('no dead letter')) throw error;
    });
  }

  /** At the end: all of them, some or none. */
  async #replay(): Promise<void> {
    const letters = await this.#lookAtLetters();
    const share = this.#random(3);
    const chosen = letters.filter((_, i) => share === 2 || (share === 1 && i % 2 === 0));
    if (chosen.length > 0) await this.#replayThese(chosen, this.#random(4) > 0);
  }

  #consumer() {
    return this.#direct.consumers.get(consumerName, { tenantId: this.#tenantId });
  }

  /** Waits until the consumer has nothing to do any more. */
  async #settled(start: number): Promise<void> {
    let deadline = performance.now() + settleMsMax;
    let progress = '';
    for (;;) {
      const { inFlight, cursor } = await this.#lookAtMembers();
      const letters = await (await this.#consumer()).deadLetters();
      const replayed = letters.filter(({ isReplayed }) => isReplayed).length;
      if (progress !== `${cursor} ${letters.length} ${replayed}`) {
        progress = `${cursor} ${letters.length} ${replayed}`;
        deadline = performance.now() + settleMsMax;
      }
      const isIdle = inFlight === 0 && replayed === 0;
      const log = isIdle ? await this.#read() : [];
      const last = this.#matching(log, start).at(-1);
      if (isIdle && cursor >= (last?.position ?? 0)) return;
      if (performance.now() > deadline) {
        const info = JSON.stringify(await (await this.#consumer()).info());
        throw new Error(`the consumer does not come to an end: ${info} ${JSON.stringify(letters)}`);
      }
      await wait(lookEveryMs);
    }
  }

  #read(): Promise<readonly StoredEvent[]> {
    return collect(this.#direct.read({ tenantId: this.#tenantId }));
  }

  #matching(log: readonly StoredEvent[], start: number): readonly StoredEvent[] {
    return log
      .filter(({ position }) => position > start)
      .filter((event) => {
        return isMatch(this.#group.filter, event);
      });
  }

  async #inTime(what: string, work: Promise<unknown>): Promise<void> {
    const late = wait(settleMsMax, 'late');
    if ((await Promise.race([work, late])) !== 'late') return;
    const readers = this.subscribers.map((one) => one.describe()).join('; ');
    throw new Error(`${what} do not come to an end: ${readers}`);
  }

  async #check(log: readonly StoredEvent[], start: number): Promise<void> {
    const letters = await (await this.#consumer()).deadLetters();
    this.events = log.length;
    const { ackTimeoutMs, maxAttempts } = this.#group;
    this.problems = [
      ...checkNumbers(log),
      ...this.ledger.check(log),
      ...this.subscribers.flatMap((subscriber) => subscriber.check(log)),
      ...this.members.problems,
      ...checkConsumer({
        trace: this.#trace,
        log,
        matching: this.#matching(log, start),
        dead: letters.map(({ position }) => position),
        ackTimeoutMs,
        maxAttempts,
      }),
    ];
    await this.#direct.consumers.delete(consumerName, { tenantId: this.#tenantId });
  }
}

/** Positions go up, versions of each entity have no gap. */
function checkNumbers(log: readonly StoredEvent[]): string[] {
  const versions = new Map<string, number>();
  let last = 0;
  return log.flatMap(({ position, entityId, version }) => {
    const expected = (versions.get(entityId) ?? 0) + 1;
    versions.set(entityId, version);
    const isRight = position > last && version === expected;
    last = position;
    return isRight ? [] : [`${entityId}: version ${version} at ${position}`];
  });
}
