/** What text may be laid out as: in one line where it fits, or broken where it may be. */
export type Layout =
  | string
  | readonly Layout[]
  | { readonly type: 'group'; readonly of: Layout; readonly isBroken: boolean }
  | { readonly type: 'indent'; readonly of: Layout }
  /** A space, or nothing, where its group is in one line. */
  | { readonly type: 'line'; readonly flat: ' ' | ''; readonly isForced: boolean }
  | { readonly type: 'ifBroken'; readonly broken: Layout };

/** Columns, as the formatter of this repository has them. */
const columnsMax = 100;
const indentColumns = 2;

export const line: Layout = { type: 'line', flat: ' ', isForced: false };
export const softLine: Layout = { type: 'line', flat: '', isForced: false };
export const hardLine: Layout = { type: 'line', flat: '', isForced: true };

export function indent(of: Layout): Layout {
  return { type: 'indent', of };
}

export function ifBroken(broken: Layout): Layout {
  return { type: 'ifBroken', broken };
}

/** Broken as a whole where it does not fit, or a line in it is forced. */
export function group(of: Layout): Layout {
  return { type: 'group', of, isBroken: hasForcedLine(of) };
}

export function join(separator: Layout, items: readonly Layout[]): Layout {
  return items.flatMap((item, at) => (at === 0 ? [item] : [separator, item]));
}

function hasForcedLine(layout: Layout): boolean {
  if (typeof layout === 'string') return false;
  if (isList(layout)) return layout.some(hasForcedLine);
  switch (layout.type) {
    case 'group':
      return layout.isBroken;
    case 'indent':
      return hasForcedLine(layout.of);
    case 'line':
      return layout.isForced;
    case 'ifBroken':
      return false;
  }
}

interface Piece {
  readonly layout: Layout;
  readonly columns: number;
  readonly isBroken: boolean;
}

/** The text of a layout. No line ends with a space. */
export function layOut(layout: Layout): string {
  const pieces: Piece[] = [{ layout, columns: 0, isBroken: true }];
  let text = '';
  let column = 0;
  for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
    const { layout: next, columns, isBroken } = piece;
    if (typeof next === 'string') {
      text += next;
      column += next.length;
    } else if (!isList(next) && next.type === 'line' && isBroken) {
      text = `${text.replace(/ +$/, '')}\n${' '.repeat(columns)}`;
      column = columns;
    } else if (!isList(next) && next.type === 'group') {
      const flat = { layout: next.of, columns, isBroken: false };
      const stays = !next.isBroken && fits(flat, pieces, columnsMax - column);
      pieces.push(stays ? flat : { ...flat, isBroken: true });
    } else {
      pieces.push(...partsOf(piece));
    }
  }
  return text;
}

/** Whether all up to the next place that may be broken is short enough. */
function fits(first: Piece, behind: readonly Piece[], columns: number): boolean {
  const pieces = [first];
  let rest = behind.length;
  let left = columns;
  while (left >= 0) {
    let piece = pieces.pop();
    if (piece === undefined) {
      rest -= 1;
      piece = behind[rest];
      if (piece === undefined) return true;
    }
    const { layout, isBroken } = piece;
    if (typeof layout === 'string') left -= layout.length;
    else if (!isList(layout) && layout.type === 'line' && isBroken) return true;
    else pieces.push(...partsOf(piece));
  }
  return false;
}

/** The parts of what is no text, the last one first. */
function partsOf({ layout, columns, isBroken }: Piece): Piece[] {
  if (typeof layout === 'string') return [];
  if (isList(layout)) {
    return layout.map((part) => ({ layout: part, columns, isBroken })).reverse();
  }
  switch (layout.type) {
    case 'group':
      return [{ layout: layout.of, columns, isBroken: layout.isBroken || isBroken }];
    case 'indent':
      return [{ layout: layout.of, columns: columns + indentColumns, isBroken }];
    case 'line':
      return [{ layout: layout.flat, columns, isBroken }];
    case 'ifBroken':
      return isBroken ? [{ layout: layout.broken, columns, isBroken }] : [];
  }
}

function isList(layout: Layout): layout is readonly Layout[] {
  return Array.isArray(layout);
}
