/**
 * A module beside another one, as a thread runs it: where the sources run as they are, as in tests, what was
 * built of them.
 *
 * @param importMetaUrl `import.meta.url` of the module that it lies beside
 */
export function builtModule(importMetaUrl: string, name: string): URL {
  const isSource = importMetaUrl.endsWith('.ts');
  const built = isSource ? importMetaUrl.replace(/\/src\/(?!.*\/src\/)/, '/dist/') : importMetaUrl;
  return new URL(name, built);
}
