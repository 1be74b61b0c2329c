import { formatNumber } from '../harness/table.mjs';
import { sizeName } from './figures.mjs';

const columns = 3;
const panel = { width: 300, height: 190, left: 62, right: 18, top: 34, bottom: 34 };
const font = 'font-family="system-ui, sans-serif"';
/** Greys and colours that can be read on white and on black. */
const colours = { text: '#7d8590', line: '#3b82f6', target: '#d9822b', axis: '#9aa0a688' };

/**
 * @typedef {object} Curve
 * @property {string} title
 * @property {string} unit
 * @property {readonly {events: number, median: number, min: number, max: number}[]} points
 * @property {{value: number, isUpper: boolean} | null} target
 */

/**
 * The curves as one picture: a panel for each, events on a logarithmic axis, values from zero.
 *
 * @param {readonly Curve[]} curves
 * @param {string} title
 */
export function drawCurves(curves, title) {
  const rows = Math.ceil(curves.length / columns);
  const [width, height] = [columns * panel.width, rows * panel.height + 30];
  const panels = curves.map((curve, index) => {
    const x = (index % columns) * panel.width;
    const y = Math.floor(index / columns) * panel.height + 30;
    return `<g transform="translate(${x},${y})">${drawPanel(curve)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
      `width="${width}" height="${height}" ${font}>`,
    label(12, 20, title, { anchor: 'start', size: 14 }),
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

/** @param {Curve} curve */
function drawPanel({ title, unit, points, target }) {
  const highest = Math.max(...points.map(({ max }) => max), target?.value ?? 0) * 1.1 || 1;
  const sizes = points.map(({ events }) => Math.log10(events));
  const [first, last] = [Math.min(...sizes), Math.max(...sizes)];
  const innerWidth = panel.width - panel.left - panel.right;
  const innerHeight = panel.height - panel.top - panel.bottom;
  const x = (/** @type {number} */ events) =>
    last === first
      ? panel.left + innerWidth / 2
      : panel.left + (innerWidth * (Math.log10(events) - first)) / (last - first);
  const y = (/** @type {number} */ value) => panel.top + innerHeight * (1 - value / highest);
  return [
    label(panel.left, 20, `${title}, ${unit}`, { anchor: 'start', size: 12 }),
    drawAxes(highest, y),
    target === null ? '' : drawTarget(target, y),
    drawLine(points, { x, y }),
  ].join('');
}

/**
 * @param {number} highest
 * @param {(value: number) => number} y
 */
function drawAxes(highest, y) {
  return [0, 0.5, 1]
    .map((share) => {
      const value = (highest / 1.1) * share;
      const [from, to] = [panel.left, panel.width - panel.right];
      const line = `<path d="M${from} ${fix(y(value))}H${to}" stroke="${colours.axis}"/>`;
      const text = value === 0 ? '0' : formatNumber(value);
      return line + label(panel.left - 6, y(value) + 4, text, { anchor: 'end', size: 10 });
    })
    .join('');
}

/**
 * @param {{value: number, isUpper: boolean}} target
 * @param {(value: number) => number} y
 */
function drawTarget({ value, isUpper }, y) {
  const [from, to] = [panel.left, panel.width - panel.right];
  const dashes = `stroke="${colours.target}" stroke-dasharray="5 4"`;
  const text = `${isUpper ? '≤' : '≥'} ${formatNumber(value)}`;
  const style = { anchor: 'end', size: 10, colour: colours.target };
  return (
    `<path d="M${from} ${fix(y(value))}H${to}" ${dashes}/>` + label(to, y(value) - 4, text, style)
  );
}

/**
 * The medians, joined, with lowest and highest as a stroke through each.
 *
 * @param {Curve['points']} points
 * @param {{x: (events: number) => number, y: (value: number) => number}} scales
 */
function drawLine(points, { x, y }) {
  const path = points.map(({ events, median }) => `${fix(x(events))} ${fix(y(median))}`).join('L');
  const line = `<path d="M${path}" fill="none" stroke="${colours.line}" stroke-width="2"/>`;
  const marks = points.map(({ events, median, min, max }) => {
    const [at, top] = [fix(x(events)), fix(y(max))];
    const range = `<path d="M${at} ${top}V${fix(y(min))}" stroke="${colours.line}"/>`;
    const dot = `<circle cx="${at}" cy="${fix(y(median))}" r="3" fill="${colours.line}"/>`;
    const bottom = panel.height - panel.bottom;
    const size = sizeName(events).replace('m', ' M').replace('k', ' k');
    const value = label(x(events), bottom + 28, formatNumber(median), {
      anchor: 'middle',
      size: 10,
    });
    return (
      range + dot + label(x(events), bottom + 15, size, { anchor: 'middle', size: 10 }) + value
    );
  });
  return line + marks.join('');
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {{anchor: string, size: number, colour?: string}} style
 */
function label(x, y, text, { anchor, size, colour = colours.text }) {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  const place = `x="${fix(x)}" y="${fix(y)}"`;
  return `<text ${place} text-anchor="${anchor}" font-size="${size}" fill="${colour}">${escaped}</text>`;
}

/** @param {number} value */
function fix(value) {
  return Math.round(value * 10) / 10;
}
