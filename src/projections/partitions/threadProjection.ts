import { AllSourceError } from '../../domain/index.js';
import type { Projection } from '../types.js';
import type { ThreadData } from './messages.js';

/** The definition that a thread folds with; throws `unprocessable` where it is not the one of the store. */
export async function threadProjection({ source, name, version }: ThreadData): Promise<Projection> {
  const found = await imported(source.module, source.export);
  const what = `export ${JSON.stringify(source.export)} of ${source.module}`;
  if (!isProjection(found)) {
    throw refused(`${what}: expected what defineProjection gave, got ${typeof found}`);
  }
  if (found.name === name && found.version === version) return found;
  throw refused(
    `${what}: expected projection ${name}, version ${version}, got ${found.name}, version ${found.version}`,
  );
}

async function imported(module: string, name: string): Promise<unknown> {
  try {
    const exports = (await import(module)) as Readonly<Record<string, unknown>>;
    return exports[name];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refused(`a thread can't import ${module}: ${reason}`);
  }
}

function isProjection(value: unknown): value is Projection {
  if (typeof value !== 'object' || value === null) return false;
  return ['apply', 'keyOf', 'init', 'handles'].every(
    (name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function',
  );
}

function refused(message: string): AllSourceError {
  return new AllSourceError('unprocessable', message);
}
