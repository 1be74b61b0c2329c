const lowHexValues = 0x1000;
const middleHexValues = 0x1000000;
const hexDigits = Array.from({ length: lowHexValues }, (_, value) => padded(value.toString(16), 3));
const microsOfSecond = 1_000_000;

/**
 * Numbers as text of which one after the other begins the same. JavaScript takes long for whole numbers of
 * more than 31 bits.
 */
export class NumberTexts {
  #high = -1;
  #highText = '';
  #second = -1;
  #secondText = '';

  /** Twelve hexadecimal digits. */
  hex(number: number): string {
    const high = Math.floor(number / middleHexValues);
    if (high !== this.#high) {
      this.#high = high;
      this.#highText = padded(high.toString(16), 6);
    }
    const low = number % middleHexValues;
    const middle = Math.floor(low / lowHexValues);
    return `${this.#highText}${hexDigits[middle] ?? ''}${hexDigits[low % lowHexValues] ?? ''}`;
  }

  /** Microseconds since 1970, in decimal. */
  micros(micros: number): string {
    if (micros < microsOfSecond) return String(micros);
    const second = Math.floor(micros / microsOfSecond);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = String(second);
    }
    return this.#secondText + padded(String(micros % microsOfSecond), 6);
  }
}

function padded(text: string, digits: number): string {
  return text.padStart(digits, '0');
}
