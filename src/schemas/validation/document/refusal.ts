import { AllSourceError } from '../../../domain/index.js';

/** What says no to a schema: throws `validation_error` that names field and place. */
export type Refuse = (pointer: string, sentence: string) => never;

export function refuseFor(field: string): Refuse {
  return (pointer, sentence) => {
    const place = pointer === '' ? field : `${field} at ${shorten(pointer)}`;
    throw new AllSourceError('validation_error', `${place}: ${sentence}`, {
      details: [{ field: `${field}${pointer}`, reason: sentence }],
    });
  };
}

/** Text of a schema inside of a sentence. */
export function quote(value: unknown): string {
  return shorten(JSON.stringify(value) ?? typeof value);
}

function shorten(text: string): string {
  const charactersMax = 120;
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
}
