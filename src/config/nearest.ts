/** The candidate with the fewest edits to `text`, the first of several; undefined for none. */
export function findNearest(text: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let editsMin = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const edits = countEdits(text, candidate);
    if (edits < editsMin) {
      nearest = candidate;
      editsMin = edits;
    }
  }
  return nearest;
}

/** Levenshtein distance, over at most the first 128 characters of each. */
function countEdits(left: string, right: string): number {
  const columns = right.slice(0, 128);
  let row = Array.from({ length: columns.length + 1 }, (_, index) => index);
  for (const [index, character] of [...left.slice(0, 128)].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= columns.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (columns[column - 1] === character ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[columns.length] ?? 0;
}
