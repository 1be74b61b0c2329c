import { AllSourceError, EventTypes, Failure } from '../domain/index.js';
import type { PipelineDefinition } from './definition/types.js';
import type { EnrichSource } from './operators/enrich.js';
import { makeStage } from './operators/makeStage.js';
import { Outputs } from './operators/outputs.js';
import type { Stage, Verdict } from './operators/stage.js';
import { usedColumns } from './operators/usedFields.js';
import type { Dropped, Emission, PipelineResult } from './result.js';
import { Changes } from './state/changes.js';
import type { StateChange, StateEntry } from './state/changes.js';
import { Statistics } from './state/statistics.js';
import type { PipelineStatistics } from './state/statistics.js';
import type { Columns, PipelineEvent } from './value/columns.js';
import { Item } from './value/item.js';
import { resultFault } from './value/resultFault.js';
import { WindowStage } from './window/windowStage.js';

export interface MachineOptions {
  /** Answers enrich operators; needed where one asks for other than a lookup table. */
  readonly sources?: EnrichSource | undefined;
  /** What an earlier machine of the same definition kept: all its changes, put together. */
  readonly state?: Iterable<StateEntry> | undefined;
}

/** A machine of a checked definition; throws `invalid_configuration`. */
export function createMachine(
  definition: PipelineDefinition,
  options: MachineOptions = {},
): PipelineMachine {
  return new PipelineMachine(definition, options);
}

/**
 * A pipeline at work: takes events in the order of the log, and answers what is to go out. It does no
 * input or output, asks no clock, and changes no event. All that it remembers is in its state.
 *
 * Calls answer at once, unless an enrich operator has to wait; then the next call is made when the promise
 * has settled, or it throws `unprocessable`. After a call that threw anything, the machine takes no more:
 * make another from the state that was taken last.
 */
export class PipelineMachine {
  readonly definition: PipelineDefinition;
  /** Of rows that it takes in the place of whole events; undefined where it takes none. */
  readonly columns: Columns | undefined;
  readonly #sourceTypes: EventTypes;
  readonly #outputs: Outputs;
  readonly #stages: readonly Stage[];
  readonly #windows: readonly WindowStage[];
  readonly #changes: Changes;
  readonly #statistics = new Statistics();
  /** Items that windows sent on, and which of them is next. */
  #queue: Item[] = [];
  #next = 0;
  #emissions: Emission[] = [];
  #dropped: Dropped[] = [];
  #condition: 'ready' | 'busy' | 'broken' = 'ready';

  constructor(definition: PipelineDefinition, { sources, state = [] }: MachineOptions) {
    const entries = [...state];
    this.definition = definition;
    this.columns = usedColumns(definition);
    this.#sourceTypes = new EventTypes(definition.sourceEventTypes);
    this.#outputs = new Outputs(definition.output);
    this.#changes = new Changes(entries.map(([key]) => key));
    const { tenantId } = definition;
    const position = (): number => this.#statistics.position;
    const send = (item: Item): void => void this.#queue.push(item);
    const [changes, statistics, columns] = [this.#changes, this.#statistics, this.columns];
    this.#stages = definition.operators.map((operator, place) => {
      const enrich = { tenantId, source: sources, position };
      return makeStage(operator, { place, changes, statistics, send, columns }, enrich);
    });
    this.#windows = this.#stages.filter((stage) => stage instanceof WindowStage);
    this.#restore(entries);
  }

  /** Events of other types or tenants are passed over, and not counted. */
  process(event: PipelineEvent): PipelineResult | Promise<PipelineResult> {
    const { tenantId, eventType } = event;
    // Rows have the type only where the engine gives others, too.
    const isTaken =
      tenantId === this.definition.tenantId &&
      (eventType === undefined || this.#sourceTypes.includes(eventType));
    if (!isTaken) return { emissions: [], dropped: [] };
    return this.#call(() => {
      this.#statistics.processed += 1;
      this.#statistics.position = event.position;
      this.#changes.mark(this.#statistics);
      const waiting = this.#run(Item.ofEvent(event), 0);
      return waiting === undefined ? this.#drain() : this.#drainBehind(waiting);
    });
  }

  /**
   * All events of the log before a time, in microseconds, were processed: windows on the store's time go
   * on to it, less their lateness. A time that went by already changes nothing.
   */
  advanceTo(micros: number): PipelineResult | Promise<PipelineResult> {
    if (!Number.isSafeInteger(micros)) {
      throw new AllSourceError('validation_error', 'micros: expected whole microseconds');
    }
    return this.#call(() => this.#advance(0, micros));
  }

  /** Entries of the state that changed since they were taken last, or since the machine was made. */
  takeChanges(): StateChange[] {
    this.#expectReady();
    return this.#changes.take();
  }

  get statistics(): PipelineStatistics {
    const openPanes = this.#windows.reduce((sum, window) => sum + window.openPanes, 0);
    return { ...this.#statistics.toJson(), openPanes };
  }

  #restore(entries: readonly StateEntry[]): void {
    const byStage = new Map<string, StateEntry[]>(this.#stages.map((_, at) => [String(at), []]));
    for (const [key, value] of entries) {
      const slash = key.indexOf('/');
      const ofStage = slash < 0 ? undefined : byStage.get(key.slice(0, slash));
      if (ofStage !== undefined) ofStage.push([key.slice(slash + 1), value]);
      else if (key === this.#statistics.stateKey) this.#statistics.restore(value);
      else {
        const expected = 'expected entries that a machine of the same definition gave';
        throw new AllSourceError('invalid_configuration', `state: ${expected}`);
      }
    }
    for (const [at, stage] of this.#stages.entries()) {
      stage.restore?.(byStage.get(String(at)) ?? []);
    }
  }

  #expectReady(): void {
    if (this.#condition === 'ready') return;
    throw new AllSourceError(
      'unprocessable',
      this.#condition === 'busy'
        ? 'the call before has not settled; wait for its promise'
        : 'an earlier call failed; make another machine from the state that was taken last',
    );
  }

  #call(work: () => Promise<void> | undefined): PipelineResult | Promise<PipelineResult> {
    this.#expectReady();
    this.#condition = 'busy';
    try {
      const waiting = work();
      if (waiting === undefined) return this.#finish();
      return waiting.then(
        () => this.#finish(),
        (error: unknown) => this.#break(error),
      );
    } catch (error) {
      return this.#break(error);
    }
  }

  #finish(): PipelineResult {
    const result = { emissions: this.#emissions, dropped: this.#dropped };
    this.#emissions = [];
    this.#dropped = [];
    this.#condition = 'ready';
    return result;
  }

  #break(error: unknown): never {
    this.#condition = 'broken';
    throw error;
  }

  /** Windows go on one after the other: what one sends on is in the next before that goes on. */
  #advance(first: number, micros: number): Promise<void> | undefined {
    let time: number = micros;
    for (let at = first; at < this.#windows.length; at += 1) {
      const reached = this.#windows[at]?.advance(time);
      if (reached === undefined) return undefined;
      time = reached;
      const waiting = this.#drain();
      if (waiting !== undefined) return waiting.then(() => this.#advance(at + 1, reached));
    }
    return undefined;
  }

  /** Works until no item is left; a promise where one has to wait. */
  #drain(): Promise<void> | undefined {
    for (let item = this.#takeItem(); item !== undefined; item = this.#takeItem()) {
      const waiting = this.#run(item, item.firstOperator);
      if (waiting !== undefined) return this.#drainBehind(waiting);
    }
    return undefined;
  }

  async #drainBehind(waiting: Promise<void>): Promise<void> {
    await waiting;
    for (let item = this.#takeItem(); item !== undefined; item = this.#takeItem()) {
      await this.#run(item, item.firstOperator);
    }
  }

  #takeItem(): Item | undefined {
    const item = this.#queue[this.#next];
    this.#next += 1;
    if (item !== undefined) return item;
    // There is none, mostly.
    if (this.#next > 1) this.#queue = [];
    this.#next = 0;
    return undefined;
  }

  #run(item: Item, from: number): Promise<void> | undefined {
    for (let at = from; at < this.#stages.length; at += 1) {
      const verdict = this.#stages[at]?.run(item) ?? 'next';
      if (verdict instanceof Promise) {
        return verdict.then((later) => {
          if (later === 'next') return this.#run(item, at + 1);
          this.#end(item, at, later);
          return undefined;
        });
      }
      if (verdict !== 'next') {
        this.#end(item, at, verdict);
        return undefined;
      }
    }
    this.#emit(item);
    return undefined;
  }

  /** An item that does not go on behind an operator. */
  #end(item: Item, at: number, verdict: Exclude<Verdict, 'next'>): void {
    if (verdict instanceof Failure) {
      this.#drop('failed', `${this.#nameOf(at)}: ${verdict.reason}`);
      return;
    }
    this.#commit(item, at);
    if (verdict !== 'held') this.#drop(verdict, this.#nameOf(at));
  }

  #emit(item: Item): void {
    const output = this.#outputs.of(item);
    if (output instanceof Failure) {
      this.#drop('failed', `output: ${output.reason}`);
      return;
    }
    const fault = resultFault(item.value);
    if (fault !== undefined) {
      this.#drop('failed', `output: ${fault}`);
      return;
    }
    this.#commit(item, this.#stages.length - 1);
    this.#statistics.emitted += 1;
    this.#changes.mark(this.#statistics);
    const { key, value, orderKey, time } = item;
    this.#emissions.push({ key, output, value, orderKey, time });
  }

  #commit(item: Item, last: number): void {
    for (let at = item.firstOperator; at <= last; at += 1) this.#stages[at]?.commit?.();
  }

  #drop(outcome: Dropped['outcome'], reason: string): void {
    this.#statistics[outcome] += 1;
    this.#changes.mark(this.#statistics);
    this.#dropped.push({ outcome, reason });
  }

  #nameOf(place: number): string {
    return `operators[${place}] (${this.definition.operators[place]?.type ?? ''})`;
  }
}
