import { Fields, isJsonObject, isJsonValue } from '../../domain/index.js';
import type { JsonObject, TextRule } from '../../domain/index.js';
import { compilePath, pathRule } from '../value/path.js';
import { templateProblem } from '../value/template.js';
import {
  enrichFieldsMax,
  httpCacheSeconds,
  httpTimeoutMs,
  tableBytesMax,
  tableRowsMax,
} from './limits.js';
import { nameRule, typeOf, urlRule } from './output.js';
import { failureRules, missRules } from './types.js';
import type { EnrichFrom, EnrichOperator } from './types.js';

const sourceTypes = ['entity_state', 'projection', 'lookup_table', 'http'] as const;

const fieldNameRule: TextRule = {
  problem: (text) => (text === '' ? 'expected the name of a field' : undefined),
};

const urlTemplateRule: TextRule = {
  isSecret: true,
  problem: (text) => {
    const problem = urlRule.problem(text.replaceAll(/\{[^{}]*\}/g, 'x')) ?? templateProblem(text);
    if (problem !== undefined) return problem;
    // Who fills in a host decides where requests go.
    return /^https?:\/\/[^/?#{}]+([/?][^#]*)?$/i.test(text)
      ? undefined
      : 'expected placeholders behind the host only, and no fragment';
  },
};

export function checkEnrich(fields: Fields): EnrichOperator {
  const into = fields.optionalText('into', pathRule);
  if (into !== undefined && compilePath(into).ofEvent !== undefined) {
    fields.add('into', 'expected a field of the value; those of the event stay as they are');
  }
  const copied = fields.texts('fields', { max: enrichFieldsMax, rule: fieldNameRule });
  const onMiss = fields.oneOf('on_miss', missRules, 'pass');
  if (onMiss === 'null' && copied.length === 0) {
    fields.add('on_miss', 'expected names in fields, which are to be null');
  }
  return {
    type: 'enrich',
    source: checkSource(fields.raw('source'), fields),
    fields: copied,
    ...(into !== undefined && { into }),
    onMiss,
  };
}

function checkSource(value: unknown, operator: Fields): EnrichFrom {
  const { problems } = operator;
  const path = operator.pathOf('source');
  const fieldsOf = (what: string, names: readonly string[]): Fields =>
    new Fields(value, { problems, path, what, names: ['type', ...names] });
  // Its other fields depend on its type, so they are not looked at yet.
  const named = new Fields({ type: typeOf(value) }, { problems, path, what: '', names: ['type'] });
  const type = named.oneOf('type', sourceTypes);
  switch (type) {
    case 'entity_state':
      return { type, keyField: fieldsOf(type, ['key_field']).text('key_field', pathRule) };
    case 'projection': {
      const fields = fieldsOf(type, ['name', 'key_field']);
      const name = fields.text('name', nameRule);
      return { type, name, keyField: fields.text('key_field', pathRule) };
    }
    case 'lookup_table': {
      const fields = fieldsOf(type, ['key_field', 'table']);
      return { type, keyField: fields.text('key_field', pathRule), table: checkTable(fields) };
    }
    case 'http': {
      const fields = fieldsOf(type, ['url', 'timeout_ms', 'cache_seconds', 'on_failure']);
      return {
        type,
        url: fields.text('url', urlTemplateRule),
        timeoutMs: fields.whole('timeout_ms', httpTimeoutMs),
        cacheSeconds: fields.whole('cache_seconds', httpCacheSeconds),
        onFailure: fields.oneOf('on_failure', failureRules, 'fail'),
      };
    }
  }
}

function checkTable(fields: Fields): Readonly<Record<string, JsonObject>> {
  const rows: [string, JsonObject][] = [];
  for (const [key, row] of fields.entries('table', tableRowsMax)) {
    if (isJsonObject(row) && isJsonValue(row)) rows.push([key, row]);
    else fields.add(`table.${key.slice(0, 64)}`, 'expected an object');
  }
  const table = Object.fromEntries(rows);
  if (new TextEncoder().encode(JSON.stringify(table)).length > tableBytesMax) {
    fields.add('table', `expected at most ${tableBytesMax} bytes as JSON`);
  }
  return table;
}

export function enrichToWire({ source, fields, into, onMiss }: EnrichOperator): JsonObject {
  return {
    type: 'enrich',
    source: sourceToWire(source),
    fields: [...fields],
    ...(into !== undefined && { into }),
    on_miss: onMiss,
  };
}

function sourceToWire(source: EnrichFrom): JsonObject {
  const { type } = source;
  switch (type) {
    case 'entity_state':
      return { type, key_field: source.keyField };
    case 'projection':
      return { type, name: source.name, key_field: source.keyField };
    case 'lookup_table':
      return { type, key_field: source.keyField, table: source.table };
    case 'http': {
      const { url, timeoutMs, cacheSeconds, onFailure } = source;
      const times = { timeout_ms: timeoutMs, cache_seconds: cacheSeconds };
      return { type, url, ...times, on_failure: onFailure };
    }
  }
}
