import { AllSourceError } from '../domain/index.js';
import { isPublicAddress } from '../outgoing/index.js';
import type { WebhookRunOptions } from './types.js';

/** Which addresses the webhooks of a store may be posted to. */
export interface WebhookRule {
  readonly isAllowed: (address: string) => boolean;
  /** It was written by who started them, and stands in the place of the usual ones. */
  readonly isOwn: boolean;
}

const publicOnly: WebhookRule = { isAllowed: isPublicAddress, isOwn: false };
const anywhere: WebhookRule = { isAllowed: () => true, isOwn: false };

export function ruleOf({ allowPrivateAddresses, isAllowed }: WebhookRunOptions): WebhookRule {
  if (isAllowed !== undefined) return { isAllowed, isOwn: true };
  return allowPrivateAddresses === true ? anywhere : publicOnly;
}

/**
 * The rule that holds where webhooks go by one, and are started with another: all of a store go by the
 * same. Throws `invalid_configuration` where the two differ.
 */
export function commonRule(current: WebhookRule | undefined, wanted: WebhookRule): WebhookRule {
  if (current === undefined) return wanted;
  const isSame = current.isAllowed === wanted.isAllowed;
  if (isSame || (current.isOwn && !wanted.isOwn)) return current;
  throw new AllSourceError(
    'invalid_configuration',
    `webhooks: expected ${described(current)}, because they post by that rule already, got ` +
      `${described(wanted)}; start all servers of a store with the same one`,
  );
}

function described(rule: WebhookRule): string {
  if (rule.isOwn) return 'an isAllowed of their own';
  return rule === anywhere ? 'private addresses allowed' : 'public addresses only';
}
