import { formatTimestamp, parseTimestamp } from '../../dist/domain/index.js';
import { runMicro } from './runMicro.mjs';

const micros = Array.from(
  { length: 1_024 },
  (_, index) => 1_769_851_800_000_000 + index * 7_919_317,
);
const texts = micros.map(formatTimestamp);

/** @param {{case: 'format' | 'parse', seconds: number}} options */
export function run(options) {
  let next = 0;
  const cases = {
    format: () => formatTimestamp(micros[next++ % micros.length] ?? 0),
    parse: () => parseTimestamp(texts[next++ % texts.length] ?? '', 'since'),
  };
  return runMicro(cases[options.case], options);
}
