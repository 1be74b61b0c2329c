import { settingNames, settingsTable, type Setting } from './settings/index.js';
import { formatByteCount } from './valueTypes.js';

/** The reference table of all settings, as Markdown. */
export function describeSettings(): string {
  const rows = settingNames.map((name) => {
    const row: Setting<unknown> = settingsTable[name];
    const variables = variablesOf(row).map((variable) => `\`${variable}\``);
    const flagCell = row.flag === undefined ? '' : `\`${row.flag}\``;
    const cells = [`\`${row.key}\``, flagCell, variables.join(', '), showDefault(row)];
    return `| ${[...cells, `${row.doc} Expected: ${row.type.expected}.`].join(' | ')} |`;
  });
  const head = '| key in `allsource.toml` | flag | variable | default | meaning |';
  return [head, '|---|---|---|---|---|', ...rows, ''].join('\n');
}

/** The text of a flag in `--help`: what it does, its default, its variables. */
export function describeFlag(row: Setting<unknown>): string {
  const usual = showValue(row, row.default);
  return `${row.doc} (default ${usual === '' ? 'none' : usual}; ${row.env.join(', ')})`;
}

/** All variables that a setting is read from, the first that is set wins. */
export function variablesOf(row: Setting<unknown>): readonly string[] {
  return row.isSecret === true ? row.env.flatMap((name) => [name, `${name}_FILE`]) : row.env;
}

/** A value as a person reads it: bytes with their unit, of a secret only whether there is one. */
export function showValue(row: Setting<unknown>, value: unknown): string {
  if (row.isSecret === true) return value === '' ? '' : '(set)';
  const isBytes = row.placeholder === 'bytes' && typeof value === 'number';
  return isBytes ? formatByteCount(value) : String(value);
}

function showDefault(row: Setting<unknown>): string {
  const text = showValue(row, row.default);
  return text === '' ? '' : `\`${text}\``;
}
