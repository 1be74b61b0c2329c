// docs/reference/http.md has every route of the server with its parameters and its own errors.
import { describe, expect, it } from 'vitest';
import { buildOpenApi } from '../../src/server/openapi.js';
import { allRoutes } from '../../src/server/routes/index.js';
import { errorTable } from '../../src/index.js';
import { readPage, sectionsOf, tableRows } from './pages.js';

const page = 'docs/reference/http.md';
const sections = new Map(sectionsOf(page, 3).map(({ title, text }) => [title, text]));
const routes = allRoutes.map((route) => ({ route, title: `${route.method} ${route.pattern}` }));

const codesIn = (text: string): string[] =>
  [...text.matchAll(/`(\w+)`/g)].flatMap(([, code = '']) => (code in errorTable ? [code] : []));

/** Tables of parameters, not those of body members. */
function parametersIn(text: string): string[] {
  const tables = text
    .trim()
    .split('\n\n')
    .filter((part) => part.startsWith('| parameter'));
  return tables.flatMap((table) => tableRows(table).map(([name = '']) => name.slice(1, -1)));
}

describe(page, () => {
  it('has a section for each route, and no other', () => {
    expect([...sections.keys()].sort()).toEqual(routes.map(({ title }) => title).sort());
  });

  it.each(routes)('lists the parameters of $title', ({ route, title }) => {
    const { params, query } = route.operation;
    const names = [params, query].flatMap((schema) => Object.keys(schema?.properties ?? {}));
    expect(parametersIn(sections.get(title) ?? '').sort()).toEqual(names.sort());
  });

  it.each(routes)('lists the errors of $title', ({ route, title }) => {
    const [, errors = ''] = (sections.get(title) ?? '').split('Errors:');
    const [sentence = ''] = errors.split(/\.\s*$|\.\n\n/m);
    expect(codesIn(sentence).sort()).toEqual([...route.operation.errors].sort());
  });

  it('names the errors that any route may answer', () => {
    const [head = ''] = readPage(page).split('\n## Objects');
    const [first] = Object.values(Object(documentOf()).paths['/health']) as object[];
    const statuses = Object.keys(Object(first).responses).filter((status) => status !== '200');
    const named = new Set(
      codesIn(head).map((code) => String(errorTable[code as keyof typeof errorTable].status)),
    );
    expect([...named]).toEqual(expect.arrayContaining(statuses));
  });
});

function documentOf(): object {
  return buildOpenApi(allRoutes, '0.0.0');
}
