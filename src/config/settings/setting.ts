import type { ValueType } from '../valueTypes.js';

/** One setting: everything that the parser, `--help`, `config show` and the reference say of it. */
export interface Setting<T> {
  /** Section and key in `allsource.toml`. */
  readonly key: `${string}.${string}`;
  /** Environment variables, the first that is set and not empty wins. */
  readonly env: readonly [string, ...string[]];
  /** Long flag of `allsource serve`, with its dashes; a secret has none, since all users see flags. */
  readonly flag?: `--${string}`;
  /** True where the value is shown nowhere; it is also read from the file that `<variable>_FILE` names. */
  readonly isSecret?: true;
  /** What stands for the value in `--help`. */
  readonly placeholder: string;
  readonly type: ValueType<T>;
  readonly default: T;
  readonly doc: string;
}

/** Checks the shape of a row and keeps the type of its value. */
export function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}
