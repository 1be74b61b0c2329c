import { type DeadLetter, deadLetterDocument } from '../../consumers/index.js';
import { formatTimestamp } from '../../domain/index.js';
import {
  formatCount,
  formatTime,
  printJson,
  printNote,
  TablePrinter,
  writeOut,
} from '../output.js';

/** Events that could not be handled, the oldest first. */
export async function printDeadLetters(
  letters: readonly DeadLetter[],
  json: boolean,
): Promise<void> {
  if (json) {
    for (const letter of letters) await printJson(deadLetterDocument(letter));
    return;
  }
  if (letters.length === 0) printNote('no dead letters');
  const table = new TablePrinter([
    { title: 'position', align: 'right' },
    { title: 'attempts', align: 'right' },
    { title: 'failed' },
    { title: 'replayed' },
    { title: 'reason' },
  ]);
  await table.print(
    letters.map(({ position, attempts, failedAt, isReplayed, reason }) => [
      String(position),
      formatCount(attempts),
      formatTime(formatTimestamp(failedAt)),
      isReplayed ? 'yes' : 'no',
      reason,
    ]),
  );
}

export async function printReplayed(replayed: number, json: boolean): Promise<void> {
  if (json) await printJson({ replayed });
  else await writeOut(`dead letters that are delivered again: ${formatCount(replayed)}\n`);
}

export async function printDeleted(name: string, json: boolean): Promise<void> {
  if (json) await printJson({ deleted: name });
  else await writeOut(`${name} is deleted\n`);
}
