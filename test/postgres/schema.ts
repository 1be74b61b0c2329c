let schemas = 0;

/** A name that no other test of the run has. */
export function newSchema(): string {
  schemas += 1;
  return `test_${process.pid}_${schemas}`;
}
