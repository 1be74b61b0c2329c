import type { AggregationSpec, Duration, EnrichSpec, OutputSpec, WindowSpec } from './types.js';

// From what the builder takes to the wire, on which everything is checked.

type Wire = Readonly<Record<string, unknown>>;

const secondsOfUnit = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;

/** Anything but a duration comes out as it is, and is refused by the check. */
function secondsOf(duration: Duration): unknown {
  const entries: readonly [string, unknown][] = Object.entries(duration ?? {});
  const [unit, amount] = entries[0] ?? [];
  const factor = Object.entries(secondsOfUnit).find(([name]) => name === unit)?.[1];
  if (entries.length !== 1 || factor === undefined || typeof amount !== 'number') return duration;
  return amount * factor;
}

export function aggregationToWire(spec: AggregationSpec): Wire {
  const { groupBy, maxGroups, ...rest } = spec;
  return withoutUndefined({ ...rest, group_by: groupBy, max_groups: maxGroups });
}

export function windowToWire(spec: WindowSpec): Wire {
  const { lateness, timeField, ...panes } = spec;
  return withoutUndefined({
    ...panesToWire(panes),
    allowed_lateness_seconds: lateness && secondsOf(lateness),
    time_field: timeField,
  });
}

function panesToWire(spec: WindowSpec): Wire {
  const { tumbling, sliding, every, session, calendar, timeZone, ...rest } = spec;
  const wire = {
    ...rest,
    slide_seconds: every && secondsOf(every),
    calendar_unit: calendar,
    time_zone: timeZone,
  };
  if (session !== undefined) {
    return { ...wire, window_type: 'session', session_timeout_seconds: secondsOf(session) };
  }
  if (sliding !== undefined) {
    return { ...wire, window_type: 'sliding', size_seconds: secondsOf(sliding) };
  }
  return { ...wire, window_type: 'tumbling', size_seconds: tumbling && secondsOf(tumbling) };
}

export function enrichToWire({ source, fields, into, onMiss, ...rest }: EnrichSpec): Wire {
  return withoutUndefined({
    ...rest,
    source: sourceToWire(source),
    fields,
    into,
    on_miss: onMiss,
  });
}

function sourceToWire(source: EnrichSpec['source']): unknown {
  if (source.type === 'http') {
    const { timeoutMs, cacheSeconds, onFailure, ...rest } = source;
    const times = { timeout_ms: timeoutMs, cache_seconds: cacheSeconds };
    return withoutUndefined({ ...rest, ...times, on_failure: onFailure });
  }
  const { keyField, ...rest } = source;
  return { ...rest, key_field: keyField };
}

export function outputToWire(output: OutputSpec): unknown {
  if (typeof output === 'string' || output.type !== 'event') return output;
  const { eventType, entityId, ...rest } = output;
  return withoutUndefined({ ...rest, event_type: eventType, entity_id: entityId });
}

function withoutUndefined(wire: Wire): Wire {
  return Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== undefined));
}
