import { describe, expect, it } from 'vitest';
import { Enforcement } from '../../src/schemaRegistry/enforcement.js';
import { Subject } from '../../src/schemaRegistry/subject.js';

const versions = 120;

function subjectOfMany(): Subject {
  const names = { tenantId: 'default', subject: 'order.placed' };
  const subject = new Subject(1, { ...names, compatibility: 'NONE', enforcement: 'enforce' });
  for (let version = 1; version <= versions; version += 1) {
    const shown = { id: String(version), description: null, tags: [], createdAt: 0 };
    subject.put({
      ...names,
      ...shown,
      version,
      schema: { const: version },
      isDeleted: false,
      sha256: '',
      takesPrevious: false,
    });
  }
  return subject;
}

describe('the versions of a subject', () => {
  it('each check by their own schema, also those that are compiled again', () => {
    const enforcement = new Enforcement();
    const subject = subjectOfMany();
    enforcement.add(subject);
    // More than are kept, twice.
    for (const record of [...subject.all, ...subject.all]) {
      expect(enforcement.violationsOf(record.version, { subject, record })).toEqual([]);
      expect(enforcement.violationsOf(0, { subject, record })).toHaveLength(1);
    }
    expect(enforcement.check(1, versions)).toBe(versions);
    const [newest] = subject.versions.slice(-1);
    if (newest !== undefined) subject.put({ ...newest, isDeleted: true });
    expect(enforcement.check(1, versions - 1)).toBe(versions - 1);
    expect(enforcement.check(1, versions)).toMatchObject({ version: versions - 1 });
  });
});
