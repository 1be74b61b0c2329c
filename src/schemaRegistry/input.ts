import {
  AllSourceError,
  eventTypeRule,
  isEventType,
  tenantIdBytesMax,
  fieldError,
} from '../domain/index.js';
import { tenantOf } from '../eventStore/index.js';
import { compatibilityModes } from '../schemas/index.js';
import type { CompatibilityMode } from '../schemas/index.js';
import { enforcements } from './types.js';
import type { Enforcement } from './types.js';

export const tagsMax = 32;
export const tagCharactersMax = 128;
export const descriptionCharactersMax = 4_096;
/** Of a tenant. */
export const mappingsMax = 1_000;
/** Of the operations of one, as JSON. */
export const mappingBytesMax = 65_536;
const prefixEnd = '.*';
const tenantIdPattern = new RegExp(`^[A-Za-z0-9_-]{1,${tenantIdBytesMax}}$`);

/** The tenant of what is recorded, by the rule for those of events. Throws `validation_error`. */
export function checkedTenant(tenantId: string | undefined): string {
  const tenant = tenantOf(tenantId);
  if (tenantIdPattern.test(tenant)) return tenant;
  throw invalid('tenant_id', `expected 1-${tenantIdBytesMax} letters, digits, '-' and '_'`);
}

/** Throws `validation_error` where a text is neither an event type nor a prefix of some. */
export function checkedSubject(subject: string): string {
  const isText = typeof subject === 'string';
  const type =
    isText && subject.endsWith(prefixEnd) ? subject.slice(0, -prefixEnd.length) : subject;
  if (isText && isEventType(type)) return subject;
  const rule = eventTypeRule.problem('') ?? '';
  throw invalid('subject', `${rule}, or a prefix of event types that ends in ${prefixEnd}`);
}

/** In whatever case it is given. */
export function checkedCompatibility(mode: string): CompatibilityMode {
  const wanted = String(mode).toUpperCase();
  const known = compatibilityModes.find((one) => one === wanted);
  if (known !== undefined) return known;
  throw invalid('compatibility', `expected one of ${compatibilityModes.join(', ')}`);
}

export function checkedEnforcement(enforcement: string): Enforcement {
  const known = enforcements.find((one) => one === enforcement);
  if (known !== undefined) return known;
  throw invalid('enforcement', `expected one of ${enforcements.join(', ')}`);
}

export function checkedDescription(description: string | undefined): string | null {
  if (description === undefined) return null;
  const isText = typeof description === 'string' && description.length <= descriptionCharactersMax;
  if (isText) return description;
  throw invalid('description', `expected text of at most ${descriptionCharactersMax} characters`);
}

export function checkedTags(tags: readonly string[] = []): readonly string[] {
  if (isTagList(tags)) return [...new Set(tags)];
  const expected = `expected at most ${tagsMax} texts of 1-${tagCharactersMax} characters`;
  throw invalid('tags', expected);
}

function isTagList(tags: unknown): tags is readonly string[] {
  const isTag = (tag: unknown): boolean =>
    typeof tag === 'string' && tag !== '' && tag.length <= tagCharactersMax;
  return Array.isArray(tags) && tags.length <= tagsMax && tags.every(isTag);
}

export function invalid(field: string, reason: string): AllSourceError {
  return fieldError('validation_error', field, reason);
}
