// The reference pages say what the code says: errors, settings, command line, metrics, limits.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.js';
import { describeSettings } from '../../src/config/index.js';
import * as analyticsLimits from '../../src/analytics/limits.js';
import * as domain from '../../src/domain/index.js';
import { AllSourceError, errorTable, openEventStore } from '../../src/index.js';
import * as registryLimits from '../../src/schemaRegistry/input.js';
import { comparisonTimeMaxMs } from '../../src/schemaRegistry/comparison.js';
import { subjectsEverMax, subjectsMax, versionsMax } from '../../src/schemaRegistry/registry.js';
import { upcastPageBytesMax } from '../../src/schemaRegistry/upcasting.js';
import { mappingOperationsMax, upcastBytesMax, upcastStepsMax } from '../../src/schemas/index.js';
import * as schemaLimits from '../../src/schemas/validation/limits.js';
import * as sqlLimits from '../../src/sql/limits.js';
import { createLogger, listen } from '../../src/server/index.js';
import { blocksOf, readPage, sectionsOf, tableRows } from './pages.js';

vi.setConfig({ testTimeout: 30_000 });

const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');
const sectionOf = (page: string, title: string): string => {
  const section = [...sectionsOf(page, 2), ...sectionsOf(page, 3)].find(
    (each) => each.title === title,
  );
  if (section === undefined) throw new Error(`${page} has no section "${title}"`);
  return section.text;
};

describe('docs/reference/errors.md', () => {
  const page = 'docs/reference/errors.md';

  it('lists the codes of the table', () => {
    const head = readPage(page).split('\n## ')[0] ?? '';
    const expected = Object.entries(errorTable).map(([code, { status, meaning }]) => [
      `\`${code}\``,
      String(status),
      meaning,
    ]);
    expect(tableRows(head)).toEqual(expected);
  });

  it('names no code that is not there', () => {
    const advice = tableRows(sectionOf(page, 'What to do')).map(([codes]) => codes ?? '');
    const named = advice.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, code]) => code));
    const unknown = named.filter((code) => code !== undefined && !(code in errorTable));
    expect(unknown.filter((code) => code !== 'event_id')).toEqual([]);
  });
});

describe('docs/reference/config.md', () => {
  it('has the table that config show --markdown prints', () => {
    expect(tableRows(readPage('docs/reference/config.md'))).toEqual(tableRows(describeSettings()));
  });
});

describe('docs/reference/cli.md', () => {
  const page = 'docs/reference/cli.md';
  const helps = blocksOf(page).filter(({ language }) => language === 'text');
  const commandOf = (text: string): string[] =>
    (/^Usage: allsource((?: [\w-]+)*)/.exec(text)?.[1] ?? '').trim().split(' ').filter(Boolean);

  it('shows every command', () => {
    const shown = helps.map(({ text }) => commandOf(text).join(' '));
    const listed = [...(helps[0]?.text ?? '').matchAll(/^ {2}(\w+) (?:\[options\]|<)/gm)];
    const commands = listed.map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(5);
    expect(shown).toEqual(expect.arrayContaining(commands));
    expect(shown).toEqual(expect.arrayContaining(['config show', 'config check']));
    for (const { text } of helps.filter(({ text }) => /^Usage: .* \[command\]$/m.test(text))) {
      const group = commandOf(text);
      const parts = [...text.matchAll(/^ {2}([\w-]+) \[options\]/gm)].map(([, name = '']) => name);
      expect(shown).toEqual(
        expect.arrayContaining(parts.map((name) => [...group, name].join(' '))),
      );
    }
  });

  it.each(helps)('shows the help of $page:$line as it is', async ({ text }) => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => write.mockRestore());
    await runCommandLine([...commandOf(text), '--help']);
    expect(write.mock.calls.map(([chunk]) => String(chunk)).join('')).toBe(text);
  });
});

describe('docs/reference/metrics.md', () => {
  it('lists every metric of the package with its type, labels and help', async () => {
    const store = await openEventStore({ memory: true });
    onTestFinished(() => store.close());
    const logger = createLogger({ level: 'silent' });
    const server = await listen(store, { port: 0, logger, processMetrics: false });
    onTestFinished(() => server.close());
    const body = '{"event_type":"a.b","entity_id":"e","payload":1}';
    const headers = { 'content-type': 'application/json' };
    const events = `${server.url}/api/v1/events`;
    await fetch(events, { method: 'POST', headers, body });
    await fetch(events, { method: 'POST', headers, body: '{}' });
    await fetch(`${events}/query`);
    await store.consumers.create({ name: 'c' });
    const consumer = await store.consumers.get('c');
    await consumer.pull({ member: 'm', limit: 1, waitMs: 5000 });
    await store.webhooks.create({ name: 'w', url: 'https://example.com/' });
    await store.projections.declare({ name: 'p', fields: { events: { fold: 'count' } } });
    await store.pipelines.create({ name: 'p', operators: [] });
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(documentedMetrics()).toEqual(servedMetrics(text));
  });

  function documentedMetrics(): unknown {
    const rows = tableRows(readPage('docs/reference/metrics.md'));
    const entries = rows.map(([name, type, labels, help]) => {
      const list = plain(labels).split(', ').filter(Boolean).sort();
      return [plain(name), { type, labels: list, help }];
    });
    return Object.fromEntries(entries);
  }

  function servedMetrics(text: string): unknown {
    const helps = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)];
    const entries = helps.map(([, name = '', help]) => {
      const type = new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(text)?.[1];
      const samples = [...text.matchAll(new RegExp(`^${name}(?:_\\w+)?\\{(.*)\\} `, 'gm'))];
      const labels = samples.flatMap(([, list = '']) =>
        [...list.matchAll(/(\w+)="/g)].map(([, label]) => label),
      );
      const own = new Set(labels.filter((label) => label !== 'le'));
      return [name, { type, labels: [...own].sort(), help }];
    });
    return Object.fromEntries(entries);
  }
});

describe('docs/reference/limits.md', () => {
  const page = 'docs/reference/limits.md';

  it('has the constants of the domain', () => {
    const rows = ['Sizes of what is appended', 'Reads'].flatMap((title) =>
      tableRows(sectionOf(page, title)),
    );
    const documented = Object.fromEntries(
      rows.map(([, value, name]) => [plain(name), amountOf(value ?? '')]),
    );
    const limits = Object.entries(domain).filter(([, value]) => typeof value === 'number');
    expect(documented).toEqual(Object.fromEntries(limits));
  });

  it('has the bounds of schemas', () => {
    const documented = tableRows(sectionOf(page, 'Schemas')).map(([, value, name]) => [
      plain(name),
      amountOf(value ?? ''),
    ]);
    const inBytes = (name: string, value: number): number =>
      name.endsWith('MiB') ? value * 1024 ** 2 : value;
    const bounds = Object.entries(schemaLimits).map(([name, value]) => [
      name,
      inBytes(name, value),
    ]);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(bounds));
  });

  it('has the bounds of analytics', () => {
    const documented = tableRows(sectionOf(page, 'Analytics')).map(([, value, name]) => [
      plain(name),
      amountOf(value ?? ''),
    ]);
    expect(Object.fromEntries(documented)).toEqual({ ...analyticsLimits });
  });

  it('has the bounds of SQL', () => {
    const documented = tableRows(sectionOf(page, 'SQL')).map(([, value, name]) => [
      plain(name),
      amountOf(value ?? ''),
    ]);
    const numbers = Object.entries(sqlLimits).filter(([, value]) => typeof value === 'number');
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(numbers));
  });

  it('has the bounds of the schemas of a store', () => {
    const documented = tableRows(sectionOf(page, 'Schemas of a store')).map(([, value, name]) => [
      plain(name),
      amountOf(value ?? ''),
    ]);
    const numbers = Object.entries(registryLimits).filter(([, value]) => typeof value === 'number');
    const expected = {
      ...{ subjectsMax, subjectsEverMax, versionsMax, comparisonTimeMaxMs },
      ...{ mappingOperationsMax, upcastBytesMax, upcastStepsMax, upcastPageBytesMax },
    };
    Object.assign(expected, Object.fromEntries(numbers));
    expect(Object.fromEntries(documented)).toEqual(expected);
  });

  it('has the defaults of the settings', () => {
    const defaults = new Map(
      tableRows(readPage('docs/reference/config.md')).map(([key, , , value]) => [key, value]),
    );
    const rows = ['The server', 'The store'].flatMap((title) => tableRows(sectionOf(page, title)));
    const shown = rows.filter(([, , setting]) => setting?.includes('.') === true);
    expect(shown.length).toBeGreaterThan(4);
    for (const [, value, setting] of shown) {
      const [amount = ''] = (value ?? '').split(';');
      expect(amountOf(amount), setting).toBe(amountOf(plain(defaults.get(setting ?? ''))));
    }
  });

  const examples = tableRows(sectionOf(page, 'Examples'));
  it.each(examples)('is right about %s %s', async (field, value, outcome) => {
    const store = await openEventStore({ memory: true });
    onTestFinished(() => store.close());
    const event = { event_type: 'a.b', entity_id: 'e', payload: 1 };
    const line = JSON.stringify({ ...event, [plain(field)]: JSON.parse(plain(value)) });
    const result = await store.appendBatch(Buffer.from(line)).then(
      () => 'taken',
      (error: unknown) => (error instanceof AllSourceError ? error.message : error),
    );
    if (outcome.startsWith('taken')) expect(result).toBe('taken');
    else expect(result).toBe(`line 1: ${plain(outcome)}`);
  });

  /** Bytes, milliseconds, or a count: `2 MiB`, `30 s`, `10 000`, `256 bytes`. */
  function amountOf(text: string): number {
    const match = /^([\d. ]*\d) ?(\S*)/.exec(text.trim());
    const number = Number((match?.[1] ?? '').replaceAll(' ', ''));
    const factors = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, s: 1000 };
    const unit = match?.[2] ?? '';
    return number * (Object.entries(factors).find(([name]) => name === unit)?.[1] ?? 1);
  }
});
