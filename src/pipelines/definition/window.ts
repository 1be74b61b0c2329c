import { Fields } from '../../domain/index.js';
import type { JsonObject, TextRule } from '../../domain/index.js';
import { pathRule } from '../value/path.js';
import { aggregationNames, aggregationToWire, checkAggregation } from './aggregation.js';
import { latenessSeconds, panesPerEventMax, sessionSeconds, windowSeconds } from './limits.js';
import { calendarUnits } from './types.js';
import type { PaneRule, WindowConfig, WindowOperator } from './types.js';

const configNames = [
  'window_type',
  'size_seconds',
  'slide_seconds',
  'session_timeout_seconds',
  'allowed_lateness_seconds',
  'time_field',
  'calendar_unit',
  'time_zone',
] as const;

const zoneRule: TextRule = {
  problem: (text) =>
    isTimeZone(text) ? undefined : 'expected a time zone of the IANA, as Europe/Berlin',
};

function isTimeZone(text: string): boolean {
  // Offsets as +01:00 are time zones for some versions of Intl, and not for others.
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return true;
  } catch {
    // Intl has no other way to ask.
    return false;
  }
}

export function checkWindow(fields: Fields): WindowOperator {
  const { problems } = fields;
  const path = fields.pathOf('config');
  const config = new Fields(fields.raw('config'), {
    problems,
    path,
    what: 'the config of a window',
    names: configNames,
  });
  const aggregation = new Fields(fields.raw('aggregation'), {
    problems,
    path: fields.pathOf('aggregation'),
    what: 'the aggregation of a window',
    // It may be written as the reduce that it is.
    names: ['type', ...aggregationNames],
  });
  aggregation.oneOf('type', ['reduce'], 'reduce');
  return {
    type: 'window',
    config: checkConfig(config),
    aggregation: checkAggregation(aggregation),
  };
}

function checkConfig(config: Fields): WindowConfig {
  const timeField = config.optionalText('time_field', pathRule);
  return {
    ...checkPaneRule(config),
    allowedLatenessSeconds: config.whole('allowed_lateness_seconds', latenessSeconds),
    ...(timeField !== undefined && { timeField }),
  };
}

function checkPaneRule(config: Fields): PaneRule {
  const windowType = config.oneOf('window_type', ['tumbling', 'sliding', 'session']);
  if (windowType !== 'sliding') {
    config.refuse(['slide_seconds'], 'only a sliding window has this');
  }
  if (windowType !== 'session') {
    config.refuse(['session_timeout_seconds'], 'only a session window has this');
  }
  if (windowType !== 'tumbling') {
    config.refuse(['calendar_unit', 'time_zone'], 'only a tumbling window has this');
  }
  switch (windowType) {
    case 'tumbling':
      return checkTumbling(config);
    case 'sliding':
      return checkSliding(config);
    case 'session':
      // Some clients always send size_seconds; it means nothing here.
      if (config.has('size_seconds')) config.whole('size_seconds', windowSeconds);
      return {
        windowType,
        sessionTimeoutSeconds: config.whole('session_timeout_seconds', sessionSeconds),
      };
  }
}

function checkTumbling(config: Fields): PaneRule {
  if (!config.has('calendar_unit')) {
    config.refuse(['time_zone'], 'only a window of a calendar_unit has this');
    return { windowType: 'tumbling', sizeSeconds: config.whole('size_seconds', windowSeconds) };
  }
  config.refuse(['size_seconds'], 'expected either this or calendar_unit');
  return {
    windowType: 'tumbling',
    calendarUnit: config.oneOf('calendar_unit', calendarUnits),
    timeZone: config.optionalText('time_zone', zoneRule) ?? 'UTC',
  };
}

function checkSliding(config: Fields): PaneRule {
  const sizeSeconds = config.whole('size_seconds', windowSeconds);
  const slideSeconds = config.whole('slide_seconds', windowSeconds);
  if (slideSeconds > sizeSeconds) {
    config.add('slide_seconds', `expected at most size_seconds, ${sizeSeconds}`);
  }
  if (Math.ceil(sizeSeconds / slideSeconds) > panesPerEventMax) {
    config.add('slide_seconds', `expected at most ${panesPerEventMax} panes for one event`);
  }
  return { windowType: 'sliding', sizeSeconds, slideSeconds };
}

export function windowToWire({ config, aggregation }: WindowOperator): JsonObject {
  const { allowedLatenessSeconds, timeField } = config;
  return {
    type: 'window',
    config: {
      ...paneRuleToWire(config),
      allowed_lateness_seconds: allowedLatenessSeconds,
      ...(timeField !== undefined && { time_field: timeField }),
    },
    aggregation: aggregationToWire(aggregation),
  };
}

function paneRuleToWire(rule: PaneRule): JsonObject {
  const { windowType } = rule;
  const wire = { window_type: windowType };
  switch (windowType) {
    case 'tumbling':
      return 'calendarUnit' in rule
        ? { ...wire, calendar_unit: rule.calendarUnit, time_zone: rule.timeZone }
        : { ...wire, size_seconds: rule.sizeSeconds };
    case 'sliding':
      return { ...wire, size_seconds: rule.sizeSeconds, slide_seconds: rule.slideSeconds };
    case 'session':
      return { ...wire, session_timeout_seconds: rule.sessionTimeoutSeconds };
  }
}
