import { Type } from '@sinclair/typebox';
import { AllSourceError, matchItemsMax, matchTextsMax, toMatches } from '../../domain/index.js';
import type { EventMatch } from '../../domain/index.js';
import { entityId, eventType, tags } from './formats.js';
import { frameReader } from './validate.js';

const strict = { additionalProperties: false };

const eventMatch = Type.Object(
  {
    event_types: Type.Optional(Type.Array(eventType, { minItems: 1, maxItems: matchTextsMax })),
    tags: Type.Optional(tags),
    entity_ids: Type.Optional(Type.Array(entityId, { minItems: 1, maxItems: matchTextsMax })),
  },
  {
    ...strict,
    description: 'Any of these types, any of these entities, and all of these tags',
  },
);

/** Several are joined by "or". */
export const eventMatches = Type.Union([
  eventMatch,
  Type.Array(eventMatch, { minItems: 1, maxItems: matchItemsMax }),
]);

/** The same as the text of a query parameter. */
export const matchParameter = Type.String({
  maxLength: 64 * 1024,
  description:
    'JSON of an object with `event_types`, `tags` and `entity_ids`, or of an array of them: events ' +
    'that one of them is about',
});

const readMatches = frameReader(Type.Object({ match: eventMatches }, strict));

/** What a query parameter says; throws `invalid_query`. */
export function matchesOfText(text: string | undefined): readonly EventMatch[] | undefined {
  if (text === undefined) return undefined;
  try {
    return toMatches(readMatches({ match: JSON.parse(text) as unknown }).match);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AllSourceError('invalid_query', `query parameter match: ${reason}`, {
      details: [{ field: 'match', reason }],
    });
  }
}
