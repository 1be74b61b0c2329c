/**
 * Types of events, made by `allsource schema types` from the schemas of their payloads.
 * Do not edit: the next run writes this file anew.
 */

import type { JsonValue } from 'allsource-core';

/** Payload of `3d.empty`: version 1 of its schema. */
export type Event3dEmpty = {
  readonly [name: string]: never;
};

/** Payload of `anything`: version 2 of its schema. */
export type Anything = JsonValue;

/** Payload of `cart.*`: version 3 of its schema. */
export type AnyCart = {
  readonly customer: string;
};

/** Payload of `cart.closed`: version 4 of its schema. */
export type CartClosed = null;

/** Payload of `counters.set`: version 5 of its schema. */
export type CountersSet = {
  readonly n_total: boolean | null | number;
  readonly name: string;
  readonly owner?: {
    readonly id: string;
  };
  readonly [name: string]:
    | boolean
    | null
    | number
    | string
    | {
        readonly id: string;
      }
    | undefined;
};

/** Payload of `event`: version 6 of its schema. */
export type Event2 = {
  readonly x?: JsonValue;
  readonly y?: JsonValue;
};

/** Payload of `labels.set`: version 7 of its schema. */
export type LabelsSet = {
  readonly [name: string]: string | undefined;
};

/** Payload of `merged`: version 8 of its schema. */
export type Merged =
  | (Merged.Tagged & {
      readonly at: string;
      readonly id: string;
      readonly paid: number;
    })
  | (Merged.Tagged & {
      readonly at: string;
      readonly failed: true;
      readonly id: string;
    });

export declare namespace Merged {
  export type Tagged = {
    readonly tags?: readonly string[];
  };
}

/** Payload of `nothing`: version 9 of its schema. */
export type Nothing = never;

/** Payload of `order`: version 12 of its schema. */
export type Order = Order.Tree;

export declare namespace Order {
  export type Self = JsonValue;

  export type Tree = {
    readonly left?: Order.Tree;
    readonly value: JsonValue;
  };
}

/**
 * Payload of `order-placed`: version 10 of its schema.
 *
 * Has the name of another one.
 */
export type OrderPlaced2 = {
  readonly a?: JsonValue;
};

/** Payload of `order.any`: version 11 of its schema. */
export type OrderAny = readonly [string, ...(number | boolean)[]];

/**
 * Payload of `order.placed`: version 13 of its schema.
 *
 * An order was placed
 *
 * Prices are those of the moment.
 * They end with *\/ nothing.
 */
export type OrderPlaced = {
  /** @deprecated */
  readonly coupon?: string | null;
  readonly currency: OrderPlaced.Currency;
  readonly customer?: OrderPlaced.Customer;
  readonly "it's"?: "it's";
  readonly lines: readonly [OrderPlaced.OrderLine, ...OrderPlaced.OrderLine[]];
  readonly place?: readonly [number, number];
  /** In euros. */
  readonly total: number;
};

export declare namespace OrderPlaced {
  export type Currency = 'EUR' | 'USD';

  export type Customer =
    | {
        readonly kind: 'person';
        readonly name: string;
      }
    | {
        readonly kind: 'company';
        readonly number: number;
      };

  export type JsonValue2 = never;

  export type OrderLine = {
    readonly count: number;
    readonly parts?: readonly OrderPlaced.OrderLine[];
    readonly sku: string;
  };

  export type OrderLine2 = string;

  export type OrderPlaced2 = JsonValue;
}

/** Payload of `untyped`: version 14 of its schema. */
export type Untyped =
  | string
  | number
  | boolean
  | {
      readonly a?:
        | 'x'
        | 1
        | -2.5
        | 1e21
        | null
        | true
        | readonly ['y']
        | {
            readonly b: 'z';
          };
    }
  | readonly JsonValue[]
  | null;

/** Payloads by event type. */
export interface EventPayloads {
  readonly '3d.empty': Event3dEmpty;
  readonly anything: Anything;
  readonly 'cart.closed': CartClosed;
  readonly 'counters.set': CountersSet;
  readonly event: Event2;
  readonly 'labels.set': LabelsSet;
  readonly merged: Merged;
  readonly nothing: Nothing;
  readonly order: Order;
  readonly 'order-placed': OrderPlaced2;
  readonly 'order.any': OrderAny;
  readonly 'order.placed': OrderPlaced;
  readonly untyped: Untyped;
}

/** Events of the types that are named one by one. */
export type NamedEvent = {
  [T in keyof EventPayloads]: { readonly eventType: T; readonly payload: EventPayloads[T] };
}[keyof EventPayloads];

/** All events: what stores, reducers and projections of these take as a parameter. */
export type Event =
  | NamedEvent
  | {
      readonly eventType: `cart.${string}`;
      readonly payload: AnyCart;
    };
