/**
 * At least two significant digits, and all before the point.
 *
 * @param {number} value
 */
export function formatNumber(value) {
  const size = Math.abs(value);
  if (size >= 100) return groupThousands(Math.round(value));
  if (size > 0 && size < 0.1) return value.toPrecision(2);
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** @param {number} value */
function groupThousands(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/**
 * @param {readonly import('./results.mjs').Row[]} rows
 * @returns {string[][]} with a head
 */
export function benchCells(rows) {
  const head = ['bench', 'median', 'min – max', 'unit', 'ratio', 'to', 'target', 'verdict'];
  return [head, ...rows.map(rowCells)];
}

/** @param {import('./results.mjs').Row} row */
function rowCells(row) {
  const { name, unit, median, min, max, ratio, ratioTo, target, verdict, gap } = row;
  if (median === null || min === null || max === null) {
    return [name, '–', '–', unit, '–', '–', targetText(target), gap?.kind ?? 'not run'];
  }
  return [
    name,
    formatNumber(median),
    `${formatNumber(min)} – ${formatNumber(max)}`,
    unit,
    ratio === null ? '–' : formatNumber(ratio),
    ratioTo ?? '–',
    targetText(target),
    verdict ?? '–',
  ];
}

/** @param {import('../targets.mjs').Target | null} target */
function targetText(target) {
  if (target === null) return '–';
  const bound = target.atLeast === undefined ? '≤' : '≥';
  const number = formatNumber(target.atLeast ?? target.atMost ?? 0);
  const or = target.orValueAtLeast;
  if (target.of === 'value') return `${bound} ${number}`;
  return `ratio ${bound} ${number}${or === undefined ? '' : ` or ≥ ${formatNumber(or)}`}`;
}

/**
 * @param {readonly import('./limit.mjs').LimitFigure[]} figures
 * @returns {string[][]} with a head
 */
export function limitCells(figures) {
  const head = ['limit', 'records/s', 'groups/s', 'MB/s', 'median µs', 'p99 µs'];
  const cells = figures.map((figure) => [
    figure.figure,
    formatNumber(figure.recordsPerSecond),
    formatNumber(figure.groupsPerSecond),
    formatNumber(figure.bytesPerSecond / 1e6),
    formatNumber(figure.microsMedian),
    formatNumber(figure.microsP99),
  ]);
  return [head, ...cells];
}

/**
 * A Markdown table that is also readable as plain text.
 *
 * @param {readonly string[][]} cells with a head
 */
export function toMarkdown(cells) {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (/** @type {readonly string[]} */ row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...rows] = cells;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
