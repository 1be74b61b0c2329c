import type { JsonValue } from '../../domain/index.js';
import type { AggregateFunction } from '../definition/types.js';
import type { Aggregate } from './aggregate.js';
import { Count } from './count.js';
import { Distinct } from './distinct.js';
import { Extreme } from './extreme.js';
import { Percentile } from './percentile.js';
import { Sum } from './sum.js';

const percents = { p50: 50, p95: 95, p99: 99 } as const;

/** An aggregate that nothing was added to, for one group alone: it takes over what it holds. */
export function emptyAggregate(name: AggregateFunction): Aggregate {
  switch (name) {
    case 'count':
      return new Count();
    case 'sum':
    case 'avg':
      return new Sum(name === 'avg');
    case 'min':
    case 'max':
      return new Extreme(name);
    case 'distinct':
      return new Distinct();
    case 'p50':
    case 'p95':
    case 'p99':
      return new Percentile(percents[name]);
  }
}

/** The aggregate whose `toJson` this was. */
export function readAggregate(name: AggregateFunction, json: JsonValue): Aggregate {
  switch (name) {
    case 'count':
      return Count.fromJson(json);
    case 'sum':
    case 'avg':
      return Sum.fromJson(name === 'avg', json);
    case 'min':
    case 'max':
      return Extreme.fromJson(name, json);
    case 'distinct':
      return Distinct.fromJson(json);
    case 'p50':
    case 'p95':
    case 'p99':
      return Percentile.fromJson(percents[name], json);
  }
}
