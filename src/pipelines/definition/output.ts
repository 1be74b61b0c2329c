import {
  entityIdBytesMax,
  eventTypeRule,
  Fields,
  patternRule,
  secretProblem,
} from '../../domain/index.js';
import type { ErrorDetail, JsonObject, TextRule } from '../../domain/index.js';
import { templateProblem } from '../value/template.js';
import { urlCharactersMax } from './limits.js';
import type { Output } from './types.js';

const namePattern = /^[A-Za-z0-9._-]{1,64}$/;
export const nameRule = patternRule(namePattern, "expected 1-64 letters, digits, '.', '_' and '-'");

/** Names of pipelines, topics and projections. */
export function isName(text: string): boolean {
  return namePattern.test(text);
}

const entityIdRule: TextRule = {
  problem: (text) => {
    const isInRange = text.length > 0 && text.length <= entityIdBytesMax;
    if (!isInRange) return `expected 1-${entityIdBytesMax} characters`;
    return templateProblem(text);
  },
};

/** A URL of http or https that has no user or password. */
export const urlRule: TextRule = {
  isSecret: true,
  problem: (text) => {
    const expected = `expected a URL of http or https, of at most ${urlCharactersMax} characters`;
    if (text.length > urlCharactersMax || !URL.canParse(text)) return expected;
    const { protocol, username, password } = new URL(text);
    if (!/^https?:$/.test(protocol)) return expected;
    return username + password === '' ? undefined : 'expected a URL without user and password';
  },
};

const secretRule: TextRule = { isSecret: true, problem: secretProblem };

const outputTypes = ['event', 'topic', 'webhook'] as const;

/** `pipeline` names the entity that events belong to where the output names none. */
export function checkOutput(
  value: unknown,
  path: string,
  { problems, pipeline }: { readonly problems: ErrorDetail[]; readonly pipeline: string },
): Output {
  const fieldsOf = (what: string, names: readonly string[]): Fields =>
    new Fields(value, { problems, path, what, names: ['type', ...names] });
  // Its other fields depend on its type, so they are not looked at yet.
  const named = new Fields({ type: typeOf(value) }, { problems, path, what: '', names: ['type'] });
  switch (named.oneOf('type', outputTypes)) {
    case 'event': {
      const fields = fieldsOf('an event output', ['event_type', 'entity_id']);
      const entityId = fields.optionalText('entity_id', entityIdRule);
      const eventType = fields.text('event_type', eventTypeRule);
      return { type: 'event', eventType, entityId: entityId ?? `pipeline-${pipeline}` };
    }
    case 'topic':
      return { type: 'topic', name: fieldsOf('a topic output', ['name']).text('name', nameRule) };
    case 'webhook': {
      const fields = fieldsOf('a webhook output', ['url', 'secret']);
      const secret = fields.optionalText('secret', secretRule);
      const url = fields.text('url', urlRule);
      return { type: 'webhook', url, ...(secret !== undefined && { secret }) };
    }
  }
}

export function outputToWire(output: Output): JsonObject {
  if (output.type !== 'event') return { ...output };
  return { type: 'event', event_type: output.eventType, entity_id: output.entityId };
}

/** The member `type` of what may be anything. */
export function typeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  return value.type;
}
