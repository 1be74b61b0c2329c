import { decodeCursor, encodeCursor } from '../../dist/domain/index.js';
import { runMicro } from './runMicro.mjs';

/** @type {import('../../dist/domain/index.js').PageCursor[]} */
const cursors = Array.from({ length: 1_024 }, (_, index) => ({
  order: index % 2 === 0 ? 'asc' : 'desc',
  position: 1 + index * 104_729,
  filter: (index * 2_654_435_761).toString(36).slice(0, 12),
}));
/** @type {import('../../dist/domain/index.js').PageCursor} */
const noCursor = { order: 'asc', position: 1, filter: '0' };
const texts = cursors.map(encodeCursor);

/** @param {{case: 'encode' | 'decode', seconds: number}} options */
export function run(options) {
  let next = 0;
  const cases = {
    encode: () => encodeCursor(cursors[next++ % cursors.length] ?? noCursor),
    decode: () => decodeCursor(texts[next++ % texts.length] ?? ''),
  };
  return runMicro(cases[options.case], options);
}
