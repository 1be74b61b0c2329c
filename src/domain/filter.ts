/** Which events a subscription is about. All given conditions must hold. */
export interface SubscriptionFilter {
  readonly entityId?: string | undefined;
  readonly eventType?: string | undefined;
  /** All types that begin with this text, such as `order.`. */
  readonly eventTypePrefix?: string | undefined;
  /** Events that have all of these tags. */
  readonly tags?: readonly string[] | undefined;
  /** Events that one of these is about: the same as in a condition on events (dcb.events). */
  readonly match?: EventMatch | readonly EventMatch[] | undefined;
}

/** Which events a read is about. All given conditions must hold. */
export interface EventFilter extends SubscriptionFilter {
  /** Default `default`. */
  readonly tenantId?: string | undefined;
  /** First timestamp, inclusive: microseconds, or RFC 3339 text. */
  readonly since?: number | string | undefined;
  /** Last timestamp, inclusive: microseconds, or RFC 3339 text. */
  readonly until?: number | string | undefined;
  /** The log as it was at this time; the same bound as `until`. */
  readonly asOf?: number | string | undefined;
  /** First position, inclusive. */
  readonly fromPosition?: number | undefined;
}

export type Order = 'asc' | 'desc';

/**
 * Events that a decision was made on: of any of these types, about any of these entities, and with
 * all of these tags. What is left out does not matter; an empty match is every event of the tenant.
 */
export interface EventMatch {
  readonly eventTypes?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly entityIds?: readonly string[] | undefined;
}

/**
 * The append goes through only where no event behind `after` matches: the dynamic consistency boundary
 * of https://dcb.events/specification/. Several matches are joined by "or".
 */
export interface AppendCondition {
  readonly failIfEventsMatch?: EventMatch | readonly EventMatch[] | undefined;
  /** The last position that the decision took into account; default 0, the whole log counts. */
  readonly after?: number | undefined;
}
