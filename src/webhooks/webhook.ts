import { AllSourceError } from '../domain/index.js';
import type { StoredEvent } from '../domain/index.js';
import { HandlerWorker } from '../consumers/index.js';
import type { RunningConsumer } from '../consumers/index.js';
import { sendRequest } from '../outgoing/index.js';
import { resultText } from './result.js';
import { signedHeaders } from './signature.js';
import type { WebhookDefinition } from './definition.js';
import type { WebhookDelivery, WebhookInfo } from './types.js';

const deliveriesMax = 1000;
const memberName = 'webhook';
const concurrency = 8;
/** What the receiver says is of no interest. */
const answerBytesMax = 64 * 1024;
/** What a post under way gets to come to its end when the webhook is to stop. */
const stopGraceMs = 1000;
/** The receiver says that it is gone for good. */
const goneStatus = 410;

export interface WebhookHost {
  readonly isAllowed: (address: string) => boolean;
  /** Called when it is to be paused. */
  readonly onPause: (reason: string) => void;
}

/** A webhook at work: posts the events of its consumer, in order for each entity. */
export class RunningWebhook {
  readonly definition: WebhookDefinition;
  readonly consumer: RunningConsumer;
  #worker: HandlerWorker | undefined;
  #deliveries: WebhookDelivery[] = [];
  #failures = 0;
  readonly #posts = { taken: 0, refused: 0, unanswered: 0 };

  constructor(definition: WebhookDefinition, consumer: RunningConsumer) {
    this.definition = definition;
    this.consumer = consumer;
  }

  /** Newest first. */
  get deliveries(): readonly WebhookDelivery[] {
    return this.#deliveries.toReversed();
  }
  get failures(): number {
    return this.#failures;
  }
  get posts(): Pick<WebhookInfo, 'taken' | 'refused' | 'unanswered'> {
    return this.#posts;
  }

  /** What is posted of events that are still in the log, by position. */
  async bodiesOf(positions: readonly number[]): Promise<Map<number, string>> {
    const texts = await this.consumer.wire.textsOf(positions);
    if (this.definition.pipeline === undefined) return texts;
    return new Map([...texts].map(([position, text]) => [position, resultText(text)]));
  }

  start(host: WebhookHost): void {
    if (this.#worker !== undefined) return;
    this.#failures = 0;
    this.#worker = new HandlerWorker(
      this.consumer,
      (event, { attempt, signal }) => this.#deliver(event, { attempt, signal, host }),
      { member: memberName, concurrency },
    );
    this.#worker.done.catch((error: unknown) => {
      host.onPause(`it can't go on: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.stop();
  }

  async #deliver(
    event: StoredEvent,
    { attempt, signal, host }: { attempt: number; signal: AbortSignal; host: WebhookHost },
  ): Promise<void> {
    const at = Date.now() * 1000;
    const begin = performance.now();
    const outcome = await this.#post(event, { signal, host });
    const { id: eventId, position } = event;
    const durationMs = Math.round(performance.now() - begin);
    this.#deliveries.push({ eventId, position, attempt, at, durationMs, ...outcome });
    if (this.#deliveries.length > deliveriesMax)
      this.#deliveries = this.#deliveries.slice(-deliveriesMax);
    if (outcome.error === null) {
      this.#posts.taken += 1;
      this.#failures = 0;
      return;
    }
    // Cut off by us: that is no failure of the receiver, for which it would be paused.
    if (signal.aborted && outcome.status === null) throw new Error(outcome.error);
    this.#posts[outcome.status === null ? 'unanswered' : 'refused'] += 1;
    this.#failures += 1;
    if (outcome.status === goneStatus) host.onPause('the receiver answered 410: it is gone');
    else if (this.#failures >= this.definition.pauseAfter) {
      host.onPause(`${this.#failures} attempts in a row failed, the last: ${outcome.error}`);
    }
    throw new Error(outcome.error);
  }

  async #post(
    event: StoredEvent,
    { signal, host }: { signal: AbortSignal; host: WebhookHost },
  ): Promise<{ status: number | null; error: string | null }> {
    const cut = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const onStop = (): void => void (timer = setTimeout(() => cut.abort(), stopGraceMs));
    signal.addEventListener('abort', onStop, { once: true });
    try {
      const body = (await this.bodiesOf([event.position])).get(event.position);
      if (body === undefined) throw new AllSourceError('events_dropped', 'the event was dropped');
      const seconds = Math.floor(Date.now() / 1000);
      const { status } = await sendRequest({
        method: 'POST',
        url: this.definition.url,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'allsource-core',
          ...signedHeaders(this.definition.secret, { id: event.id, seconds, body }),
        },
        body,
        timeoutMs: this.definition.timeoutMs,
        answerBytesMax,
        signal: cut.signal,
        isAllowed: host.isAllowed,
      });
      const isTaken = status >= 200 && status < 300;
      return { status, error: isTaken ? null : `the receiver answered ${status}` };
    } catch (error) {
      return { status: null, error: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onStop);
    }
  }
}
