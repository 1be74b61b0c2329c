// States made the slow way: from the first event on, by rules written down a second time.

/** A JSON value as it is written: an object with its members in order, or any other text. */
export type Written = string | readonly Member[];

export interface Member {
  /** What the key says, and how it is written. */
  readonly key: string;
  readonly keyText: string;
  readonly value: Written;
}

export function textOfWritten(value: Written): string {
  if (typeof value === 'string') return value;
  return `{${value.map((member) => `${member.keyText}:${textOfWritten(member.value)}`).join(',')}}`;
}

/** Members by what their keys say, in the order in which these first came. */
type Folded = Map<string, { readonly keyText: string; readonly value: string | Folded }>;

export function slowState(payloads: readonly Written[], merge: 'shallow' | 'deep'): string {
  const state: Folded = new Map();
  for (const payload of payloads) {
    if (typeof payload !== 'string') patch(state, payload, merge);
  }
  return textOfFolded(state);
}

function patch(state: Folded, members: readonly Member[], merge: 'shallow' | 'deep'): void {
  for (const { key, keyText, value } of members) {
    const old = state.get(key);
    if (merge === 'deep' && value === 'null') {
      state.delete(key);
    } else if (merge === 'deep' && typeof value !== 'string') {
      const inner: Folded = old?.value instanceof Map ? old.value : new Map();
      patch(inner, value, merge);
      state.set(key, { keyText: old?.keyText ?? keyText, value: inner });
    } else {
      state.set(key, { keyText: old?.keyText ?? keyText, value: textOfWritten(value) });
    }
  }
}

function textOfFolded(state: Folded): string {
  const members = [...state.values()].map(({ keyText, value }) => {
    return `${keyText}:${typeof value === 'string' ? value : textOfFolded(value)}`;
  });
  return `{${members.join(',')}}`;
}
