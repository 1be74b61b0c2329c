/** Words of a text, each with a capital, as the name of a type; `otherwise` where it has no letter. */
export function typeName(text: string, otherwise: string): string {
  const words = text.split(/[^\p{L}\p{Nd}]+/u).filter((word) => word !== '');
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^\p{L}/u.test(name) ? name : `${otherwise}${name}`;
}

/**
 * A name of its own for each key, whatever the order in which they come: of keys that would have the same
 * one, the first in alphabetical order has it, dots first, and the others get a number.
 */
export function distinctNames(
  wanted: ReadonlyMap<string, string>,
  reserved: readonly string[],
): ReadonlyMap<string, string> {
  const taken = new Set(reserved);
  const names = new Map<string, string>();
  const sorted = [...wanted].sort(([a], [b]) => (dotsFirst(a) < dotsFirst(b) ? -1 : 1));
  for (const [key, name] of sorted) {
    if (taken.has(name)) continue;
    taken.add(name);
    names.set(key, name);
  }
  for (const [key, name] of sorted) {
    if (names.has(key)) continue;
    let number = 2;
    while (taken.has(`${name}${number}`)) number += 1;
    taken.add(`${name}${number}`);
    names.set(key, `${name}${number}`);
  }
  return names;
}

/** `order.placed` is before `order-placed`. */
function dotsFirst(key: string): string {
  return key.replaceAll('.', ' ');
}
