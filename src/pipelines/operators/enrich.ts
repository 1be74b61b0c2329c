import { AllSourceError, Failure, isJsonObject, kindOf, ownMember } from '../../domain/index.js';
import type { JsonObject, JsonValue } from '../../domain/index.js';
import type { EnrichOperator } from '../definition/types.js';
import type { Item } from '../value/item.js';
import { compilePath, readPath, withField } from '../value/path.js';
import type { Path } from '../value/path.js';
import { compileTemplate, fillTemplate } from '../value/template.js';
import type { Stage, Verdict } from './stage.js';

/**
 * What is looked up outside of a pipeline. `position` is that of the event, or behind a window of the last
 * event that the pipeline took: an answer as of it is the same when it is asked again after a restart.
 */
export type EnrichRequest = { readonly tenantId: string; readonly position: number } & (
  | { readonly type: 'entity_state'; readonly key: string }
  | { readonly type: 'projection'; readonly name: string; readonly key: string }
  | {
      readonly type: 'http';
      readonly url: string;
      readonly timeoutMs: number;
      readonly cacheSeconds: number;
    }
);

type Found = JsonObject | undefined;

/**
 * Answers what enrich operators ask for; undefined where there is nothing. Where it throws
 * `unprocessable` the item fails, unless `on_failure` says otherwise; any other error ends the machine,
 * which is to be restored then.
 */
export interface EnrichSource {
  lookup(request: EnrichRequest): Found | Promise<Found>;
}

export interface EnrichContext {
  readonly tenantId: string;
  readonly source: EnrichSource | undefined;
  /** Position of the last event. */
  readonly position: () => number;
}

/** Copies fields of what it finds into the value. */
export class EnrichStage implements Stage {
  readonly #operator: EnrichOperator;
  readonly #ask: (item: Item) => Found | Failure | Promise<Found>;
  readonly #root: Path;

  constructor(operator: EnrichOperator, context: EnrichContext) {
    this.#operator = operator;
    this.#root = compilePath(operator.into ?? 'payload');
    this.#ask = makeAsk(operator.source, context);
  }

  run(item: Item): Verdict | Promise<Verdict> {
    try {
      const found = this.#ask(item);
      if (!(found instanceof Promise)) return this.#put(item, found);
      return found.then(
        (later) => this.#put(item, later),
        (error: unknown) => this.#failed(item, error),
      );
    } catch (error) {
      return this.#failed(item, error);
    }
  }

  #failed(item: Item, error: unknown): Verdict {
    if (!(error instanceof AllSourceError) || error.code !== 'unprocessable') throw error;
    const { source } = this.#operator;
    const rule = source.type === 'http' ? source.onFailure : 'fail';
    if (rule === 'wait') throw error;
    return rule === 'miss' ? this.#put(item, undefined) : new Failure(error.message);
  }

  #put(item: Item, found: Found | Failure): Verdict {
    if (found instanceof Failure) return found;
    const { fields, onMiss } = this.#operator;
    if (found === undefined) {
      if (onMiss === 'fail') return new Failure('expected to find something');
      if (onMiss === 'drop') return 'filtered';
      if (onMiss === 'pass') return 'next';
    } else if (!isJsonObject(found)) {
      return new Failure(`expected to find an object, got ${kindOf(found)}`);
    }
    const names = fields.length > 0 ? fields : Object.keys(found ?? {});
    const copied = names.flatMap((name) => {
      const value = found === undefined ? null : ownMember(found, name);
      return value === undefined ? [] : [[name, value] as const];
    });
    return copied.length === 0 ? 'next' : this.#copy(item, Object.fromEntries<JsonValue>(copied));
  }

  #copy(item: Item, copied: JsonObject): Verdict {
    const place = readPath(this.#root, item) ?? {};
    if (!isJsonObject(place)) {
      return new Failure(`${this.#root.text}: expected an object, got ${kindOf(place)}`);
    }
    const changed = withField(this.#root, item.value, { ...place, ...copied });
    if (changed instanceof Failure) return changed;
    item.value = changed;
    return 'next';
  }
}

function makeAsk(
  from: EnrichOperator['source'],
  { tenantId, source, position }: EnrichContext,
): (item: Item) => Found | Failure | Promise<Found> {
  const positionOf = (item: Item): number => item.event?.position ?? position();
  if (from.type === 'lookup_table') {
    const table = new Map(Object.entries(from.table));
    return withKey(from.keyField, (key) => table.get(key));
  }
  if (source === undefined) {
    throw new AllSourceError(
      'invalid_configuration',
      `sources: expected one, because an enrich operator asks for ${from.type}`,
    );
  }
  if (from.type === 'http') {
    const { type, timeoutMs, cacheSeconds } = from;
    const template = compileTemplate(from.url);
    return (item) => {
      const url = fillTemplate(template, item, encodeForUrl);
      if (url instanceof Failure) return url;
      const limits = { timeoutMs, cacheSeconds };
      return source.lookup({ type, url, ...limits, tenantId, position: positionOf(item) });
    };
  }
  return withKey(from.keyField, (key, item) => {
    const common = { key, tenantId, position: positionOf(item) };
    return from.type === 'projection'
      ? source.lookup({ type: from.type, name: from.name, ...common })
      : source.lookup({ type: from.type, ...common });
  });
}

/** A key that is missing or null finds nothing. */
function withKey(
  keyField: string,
  ask: (key: string, item: Item) => Found | Promise<Found>,
): (item: Item) => Found | Failure | Promise<Found> {
  const path = compilePath(keyField);
  return (item) => {
    const key = readPath(path, item) ?? null;
    if (key === null) return undefined;
    if (typeof key !== 'object') return ask(String(key), item);
    return new Failure(`${keyField}: expected text or a number, got ${kindOf(key)}`);
  };
}

/** Nothing that is filled in may change which path is asked for. */
function encodeForUrl(text: string): string | Failure {
  if (/^\.*$/.test(text) || /\p{Surrogate}/u.test(text)) {
    return new Failure('expected text that can be a part of a URL');
  }
  return encodeURIComponent(text);
}
