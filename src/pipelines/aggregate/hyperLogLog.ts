import { hashText } from './hashText.js';

/** 2^12 registers: a standard error of 1.04 / sqrt(4096), which is 1.6 %. */
const indexBits = 12;
const registers = 1 << indexBits;
/** Of the 64 bits of a hash, those that the index leaves. */
const rankMax = 64 - indexBits + 1;
/** Registers are written as the characters from this code on. */
const codeOfZero = 48;

/**
 * How many different texts were added, nearly: P. Flajolet, É. Fusy, O. Gandouet, F. Meunier,
 * "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm" (2007). The estimate is
 * the one of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017),
 * algorithm 6, which needs no tables against a bias at small counts. It never changes.
 */
export class HyperLogLog {
  readonly #ranks: Uint8Array;

  private constructor(ranks: Uint8Array) {
    this.#ranks = ranks;
  }

  static of(texts: Iterable<string>): HyperLogLog {
    const ranks = new Uint8Array(registers);
    for (const text of texts) {
      const { index, rank } = placeOf(text);
      ranks[index] = Math.max(ranks[index] ?? 0, rank);
    }
    return new HyperLogLog(ranks);
  }

  static fromText(text: string): HyperLogLog {
    return new HyperLogLog(Uint8Array.from(text, (code) => code.charCodeAt(0) - codeOfZero));
  }

  toText(): string {
    return String.fromCharCode(...this.#ranks.map((rank) => rank + codeOfZero));
  }

  with(text: string): HyperLogLog {
    const { index, rank } = placeOf(text);
    if (rank <= (this.#ranks[index] ?? 0)) return this;
    const ranks = this.#ranks.slice();
    ranks[index] = rank;
    return new HyperLogLog(ranks);
  }

  merge(other: HyperLogLog): HyperLogLog {
    return new HyperLogLog(this.#ranks.map((rank, at) => Math.max(rank, other.#ranks[at] ?? 0)));
  }

  get estimate(): number {
    const counts = new Array<number>(rankMax + 1).fill(0);
    for (const rank of this.#ranks) counts[rank] = (counts[rank] ?? 0) + 1;
    const countOf = (rank: number): number => counts[rank] ?? 0;
    let sum = registers * tau(1 - countOf(rankMax) / registers);
    for (let rank = rankMax - 1; rank >= 1; rank -= 1) sum = 0.5 * (sum + countOf(rank));
    sum += registers * sigma(countOf(0) / registers);
    return Math.round(registers ** 2 / (2 * Math.LN2 * sum));
  }
}

function placeOf(text: string): { readonly index: number; readonly rank: number } {
  const [high, low] = hashText(text);
  const rest = (high << indexBits) | 0;
  const highBits = 32 - indexBits;
  const rank = rest === 0 ? highBits + Math.clz32(low) + 1 : Math.clz32(rest) + 1;
  return { index: high >>> highBits, rank };
}

/** The sum of x^(2^k) 2^(k-1) over k, of the registers that are empty. */
function sigma(share: number): number {
  if (share === 1) return Infinity;
  let [power, weight, sum] = [share, 1, share];
  for (let before = NaN; sum !== before;) {
    before = sum;
    power *= power;
    sum += power * weight;
    weight += weight;
  }
  return sum;
}

/** The same for those that are full. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [root, weight, sum] = [share, 1, 1 - share];
  for (let before = NaN; sum !== before;) {
    before = sum;
    root = Math.sqrt(root);
    weight *= 0.5;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
