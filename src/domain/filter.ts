/** Which events a read is about. All given conditions must hold. */
export interface EventFilter {
  /** Default `default`. */
  readonly tenantId?: string | undefined;
  readonly entityId?: string | undefined;
  readonly eventType?: string | undefined;
  /** All types that begin with this text, such as `order.`. */
  readonly eventTypePrefix?: string | undefined;
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
