import { createHash } from 'node:crypto';

/** What a command is named by, among all commands of all tenants. */
export interface CommandName {
  readonly tenantId: string;
  readonly entityId: string;
  readonly commandId: string;
}

/**
 * The id of the n-th event that a command brought about, from 0: a UUID of version 8 (RFC 9562), of
 * SHA-256, the same however often it is made.
 */
export function eventIdOf({ tenantId, entityId, commandId }: CommandName, number: number): string {
  const text = JSON.stringify(['command', tenantId, entityId, commandId, number]);
  const hex = createHash('sha256').update(text).digest('hex');
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return [...groups, hex.slice(20, 32)].join('-');
}
