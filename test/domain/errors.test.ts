import { describe, expect, it } from 'vitest';
import {
  AllSourceError,
  EventIdConflictError,
  VersionConflictError,
  errorTable,
} from '../../src/index.js';
import type { ErrorCode } from '../../src/index.js';
import { nativeCodes } from '../../src/engine/index.js';

const rows = Object.entries(errorTable);

describe('the table of errors', () => {
  it.each(rows)('%s has a snake_case name, a status and a meaning', (code, { status, meaning }) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  });

  it.each(rows)('gives %s its status', (code, { status }) => {
    const error = new AllSourceError(code as ErrorCode, 'text');
    expect(error).toMatchObject({ code, status, message: 'text', name: 'AllSourceError' });
    expect(error.details).toBeUndefined();
  });

  it('has a row for every code of the engine', () => {
    const internal = new Set(['ok', 'busy']);
    const unknown = nativeCodes.filter((code) => !internal.has(code) && !(code in errorTable));
    expect(unknown).toEqual([]);
  });

  it('carries details and the cause', () => {
    const cause = new Error('below');
    const details = [{ field: 'entity_id', line: 3, reason: 'too long' }];
    const error = new AllSourceError('validation_error', 'text', { cause, details });
    expect(error).toMatchObject({ cause, details });
  });
});

describe('errors that callers branch on', () => {
  it('tell of a version conflict what was expected and what is', () => {
    const conflict = { entityId: 'order-1', expectedVersion: 3, currentVersion: 5 };
    const error = new VersionConflictError(conflict);
    expect(error).toBeInstanceOf(AllSourceError);
    expect(error).toMatchObject({ ...conflict, code: 'version_conflict', status: 409 });
    expect(error.name).toBe('VersionConflictError');
    expect(error.message).toContain('"order-1" is at version 5, expected 3');
  });

  it('tell of an event id conflict the id', () => {
    const error = new EventIdConflictError('0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f');
    expect(error).toBeInstanceOf(AllSourceError);
    expect(error).toMatchObject({ code: 'event_id_conflict', status: 409 });
    expect(error.eventId).toBe('0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f');
  });
});
