// docs/reference/api.md has a section for each export of the five entries, and names each of its
// members.
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { root } from '../tidy/sources.js';
import { sectionsOf } from './pages.js';

const entries = [
  'src/index.ts',
  'src/client/index.ts',
  'src/server/index.ts',
  'src/proof/index.ts',
  'src/testing/index.ts',
].map((file) => join(root, file));
const program = ts.createProgram(entries, {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  noEmit: true,
});
const checker = program.getTypeChecker();
const sections = new Map(
  sectionsOf('docs/reference/api.md', 3).map(({ title, text }) => [title, text]),
);
const exported = entries.flatMap(exportsOf);

function exportsOf(file: string): ts.Symbol[] {
  const source = program.getSourceFile(file);
  const symbol = source && checker.getSymbolAtLocation(source);
  return symbol === undefined ? [] : checker.getExportsOfModule(symbol).map(resolved);
}

function resolved(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/**
 * Members that an interface, a class or an object type of ours declares itself, or has from one that
 * has no section of its own.
 */
function membersOf(symbol: ts.Symbol): string[] {
  return (symbol.declarations ?? []).flatMap((declaration) => {
    const isOurs = declaration.getSourceFile().fileName.includes('/src/');
    const holdsMembers =
      ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration);
    if (!isOurs || !holdsMembers) return [];
    const members: readonly (ts.ClassElement | ts.TypeElement)[] = declaration.members;
    const own = members.flatMap(({ name }) => (name && ts.isIdentifier(name) ? [name.text] : []));
    return [...own, ...(declaration.heritageClauses ?? []).flatMap(inheritedOf)];
  });
}

function inheritedOf({ types }: ts.HeritageClause): string[] {
  return types.flatMap(({ expression }) => {
    const symbol = checker.getSymbolAtLocation(expression);
    const base = symbol && resolved(symbol);
    return base === undefined || exported.includes(base) ? [] : membersOf(base);
  });
}

/** The section of a symbol, and those of the exports that it extends. */
function textOf(symbol: ts.Symbol): string {
  const bases = (symbol.declarations ?? []).flatMap((declaration) =>
    ts.isInterfaceDeclaration(declaration)
      ? (declaration.heritageClauses ?? []).flatMap(
          (clause) => clause.getText().match(/\w+/g) ?? [],
        )
      : [],
  );
  return [symbol.name, ...bases].map((name) => sections.get(name) ?? '').join('\n');
}

const isNamed = (text: string, member: string): boolean =>
  new RegExp(`\`${member}(?:\\(|: |\`)`).test(text);

describe('docs/reference/api.md', () => {
  it('has a section for each export, and no other', () => {
    const names = exported.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(40);
    expect([...sections.keys()].sort()).toEqual([...names].sort());
  });

  it.each(exported.map((symbol) => ({ name: symbol.name, symbol })))(
    'names the members of $name',
    ({ symbol }) => {
      const members = membersOf(symbol);
      const text = textOf(symbol);
      const inherited = ['name', 'override', 'payload'];
      const missing = members.filter(
        (member) => !isNamed(text, member) && !inherited.includes(member),
      );
      expect(missing).toEqual([]);
    },
  );
});
