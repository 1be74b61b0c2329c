import { type DeadLetter, deadLetterDocument } from '../../../consumers/index.js';
import { pageEventsDefault } from '../../../domain/index.js';
import { type Reply, jsonType } from '../../http/index.js';
import type { DeadLettersQuery } from '../../schemas/index.js';

interface DeadLettersPage {
  readonly query: DeadLettersQuery;
  /** Events that are still in the log, by position. */
  readonly textsOf: (positions: readonly number[]) => Promise<Map<number, string>>;
}

/** A page of dead letters, which come by position; with the bytes of their events. */
export async function deadLettersReply(
  letters: readonly DeadLetter[],
  { query, textsOf }: DeadLettersPage,
): Promise<Reply> {
  const { limit = pageEventsDefault, from_position: from = 1 } = query;
  const all = letters.filter(({ position }) => position >= from);
  const page = all.slice(0, limit);
  const texts = await textsOf(page.map(({ position }) => position));
  const items = page.map((letter) => deadLetterText(letter, texts.get(letter.position)));
  const next = all[limit]?.position ?? null;
  const total = letters.length;
  const answer = `{"dead_letters":[${items.join(',')}],"total":${total},"next_position":${next}}`;
  return { status: 200, contentType: jsonType, body: answer };
}

function deadLetterText(letter: DeadLetter, event: string | undefined): string {
  const head = JSON.stringify(deadLetterDocument(letter));
  return `${head.slice(0, -1)},"event":${event ?? 'null'}}`;
}
