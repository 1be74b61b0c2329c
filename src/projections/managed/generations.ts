import type { SystemAccess } from '../../eventStore/index.js';
import { eventOf, isShown, lastGeneration } from '../record.js';
import type { GenerationRecord, ProjectionRecord } from '../record.js';
import { openRun, spaceOf } from '../run/openRun.js';
import type { ProjectionRun } from '../run/projectionRun.js';
import type { ProjectionStorage } from '../storage/types.js';
import type { Projection } from '../types.js';

export interface GenerationsOptions {
  readonly log: SystemAccess;
  readonly storage: ProjectionStorage;
  /** How states come from events; undefined where its code was not started in this process. */
  readonly projection: Projection | undefined;
  /** Called when its record has changed, or a build has ended. */
  readonly onChange: () => void;
}

/** The record of a projection, and the runs of the sets of states that it names. */
export class Generations {
  readonly #options: GenerationsOptions;
  #record: ProjectionRecord;
  #current: ProjectionRun;
  #building: ProjectionRun | undefined;

  private constructor(
    options: GenerationsOptions,
    record: ProjectionRecord,
    runs: { readonly current: ProjectionRun; readonly building: ProjectionRun | undefined },
  ) {
    this.#options = options;
    this.#record = record;
    this.#current = runs.current;
    this.#building = runs.building;
  }

  static async open(options: GenerationsOptions, record: ProjectionRecord): Promise<Generations> {
    const current = await openRun(options, record, record.current);
    const building =
      record.building === null ? undefined : await openRun(options, record, record.building);
    return new Generations(options, record, { current, building });
  }

  get record(): ProjectionRecord {
    return this.#record;
  }
  get current(): ProjectionRun {
    return this.#current;
  }
  get building(): ProjectionRun | undefined {
    return this.#building;
  }

  /** The states that are read. */
  get shown(): ProjectionRun {
    return (isShown(this.#record.building) ? this.#building : undefined) ?? this.#current;
  }

  /** Within a turn. @param whenChanged is called in the same step in which the record changes. */
  async change(change: Partial<ProjectionRecord>, whenChanged?: () => void): Promise<void> {
    const record = { ...this.#record, ...change };
    await this.#options.log.append([eventOf('recorded', record)]);
    this.#record = record;
    whenChanged?.();
    this.#options.onChange();
  }

  /** Other states are to be built, or none. */
  async changeBuilding(
    change: Pick<ProjectionRecord, 'building'> & Partial<ProjectionRecord>,
  ): Promise<void> {
    const { building } = change;
    const run =
      building === null ? undefined : await openRun(this.#options, this.#record, building);
    await this.change(change, () => {
      this.#building = run;
    });
  }

  /** States that were built are the ones of the projection from now on. */
  putInPlace(run: ProjectionRun, current: GenerationRecord, whenPut: () => void): Promise<void> {
    return this.change({ current, building: null }, () => {
      this.#current = run;
      this.#building = undefined;
      whenPut();
    });
  }

  async stop(): Promise<void> {
    await Promise.all([this.#current.stop(), this.#building?.stop()]);
  }

  endWaits(): void {
    this.#current.endWaits();
    this.#building?.endWaits();
  }

  /** Removes all states; they must not run. */
  drop(): Promise<void> {
    const { tenantId, name } = this.#record;
    const generation = lastGeneration(this.#record);
    return this.#options.storage.drop({ tenantId, projection: name, generation });
  }

  /** Records again what is known, before the log that it is in is dropped; nothing runs meanwhile. */
  async rewrite(): Promise<void> {
    await this.change({});
    for (const generation of [this.#record.current, this.#record.building]) {
      if (generation === null) continue;
      await this.#options.storage.rewrite?.(spaceOf(this.#record, generation));
    }
  }
}
