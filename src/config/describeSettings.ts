import { settingNames, settingsTable, type Setting } from './settings/index.js';
import { formatByteCount } from './valueTypes.js';

/** The reference table of all settings, as Markdown. */
export function describeSettings(): string {
  const rows = settingNames.map((name) => {
    const row: Setting<unknown> = settingsTable[name];
    const variables = row.env.map((variable) => `\`${variable}\``).join(', ');
    const cells = [`\`${row.key}\``, `\`${row.flag}\``, variables, showDefault(row)];
    return `| ${[...cells, `${row.doc} Expected: ${row.type.expected}.`].join(' | ')} |`;
  });
  const head = '| key in `allsource.toml` | flag | variable | default | meaning |';
  return [head, '|---|---|---|---|---|', ...rows, ''].join('\n');
}

/** The text of a flag in `--help`: what it does, its default, its variables. */
export function describeFlag(row: Setting<unknown>): string {
  return `${row.doc} (default ${showValue(row, row.default)}; ${row.env.join(', ')})`;
}

/** A value as a person reads it: bytes with their unit. */
export function showValue(row: Setting<unknown>, value: unknown): string {
  const isBytes = row.placeholder === 'bytes' && typeof value === 'number';
  return isBytes ? formatByteCount(value) : String(value);
}

function showDefault(row: Setting<unknown>): string {
  return `\`${showValue(row, row.default)}\``;
}
