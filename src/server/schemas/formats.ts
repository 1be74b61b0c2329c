import { Type } from '@sinclair/typebox';
import {
  entityIdBytesMax,
  eventTypeBytesMax,
  tagBytesMax,
  tagsMax,
  tenantIdBytesMax,
} from '../../domain/index.js';

/** Rules that JSON Schema cannot state, by the name of their `format`. */
export const formats = {
  'entity-id': isEntityId,
  'entity-id-prefix': isEntityIdPrefix,
  tag: isTag,
  // The reader of the value parses it and says what is wrong.
  'date-time': true,
} as const;

const controlCharacter = /\p{Cc}/u;

function isEntityId(text: string): boolean {
  return isName(text, entityIdBytesMax);
}

function isEntityIdPrefix(text: string): boolean {
  return isPartOfName(text, entityIdBytesMax);
}

function isTag(text: string): boolean {
  return isName(text, tagBytesMax);
}

function isName(text: string, bytesMax: number): boolean {
  return isPartOfName(text, bytesMax) && text.length > 0 && text.trim() === text;
}

function isPartOfName(text: string, bytesMax: number): boolean {
  return Buffer.byteLength(text) <= bytesMax && !controlCharacter.test(text);
}

export const tag = Type.String({
  format: 'tag',
  minLength: 1,
  maxLength: tagBytesMax,
  description:
    `1-${tagBytesMax} bytes of UTF-8, no control character, no white space at either end, ` +
    'such as `course:c1`',
});

export const tags = Type.Array(tag, { maxItems: tagsMax, uniqueItems: true });

export const entityId = Type.String({
  format: 'entity-id',
  minLength: 1,
  maxLength: entityIdBytesMax,
  description:
    `1-${entityIdBytesMax} bytes of UTF-8, no control character, ` + 'no white space at either end',
});

export const eventType = Type.String({
  pattern: '^(?!.*\\.\\.)[a-z0-9_-][a-z0-9._-]*(?<!\\.)$',
  maxLength: eventTypeBytesMax,
  description: 'Lower-case letters, digits, dot, _ and -; no dot at either end, no two in a row',
});

export const eventTypePrefix = Type.String({
  pattern: '^[a-z0-9_-][a-z0-9._-]*$',
  maxLength: eventTypeBytesMax,
  description: 'The first characters of event types, such as `order.`',
});

export const tenantId = Type.String({
  pattern: '^[A-Za-z0-9_-]+$',
  minLength: 1,
  maxLength: tenantIdBytesMax,
  description: 'Letters, digits, - and _; default `default`',
});

export const uuid = Type.String({
  pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
  description: 'A UUID',
});

export const timestamp = Type.String({
  format: 'date-time',
  description: 'RFC 3339 time with any offset, such as 2026-01-31T09:30:00.000000Z',
});

export const position = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Number in the whole log, from 1',
});

export const count = Type.Integer({ minimum: 0 });

export const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
