import { type DeadLetter, deadLetterDocument } from '../../consumers/index.js';
import { formatTimestamp } from '../../domain/index.js';
import { formatCount, formatTime, printJson, printList, writeOut } from '../output.js';

/** Events that could not be handled, the oldest first. */
export function printDeadLetters(letters: readonly DeadLetter[], json: boolean): Promise<void> {
  return printList(letters, {
    json,
    document: deadLetterDocument,
    none: 'no dead letters',
    columns: [
      { title: 'position', align: 'right', cell: ({ position }) => String(position) },
      { title: 'attempts', align: 'right', cell: ({ attempts }) => formatCount(attempts) },
      { title: 'failed', cell: ({ failedAt }) => formatTime(formatTimestamp(failedAt)) },
      { title: 'replayed', cell: ({ isReplayed }) => (isReplayed ? 'yes' : 'no') },
      { title: 'reason', cell: ({ reason }) => reason },
    ],
  });
}

export async function printReplayed(replayed: number, json: boolean): Promise<void> {
  if (json) await printJson({ replayed });
  else await writeOut(`dead letters that are delivered again: ${formatCount(replayed)}\n`);
}

export async function printDeleted(name: string, json: boolean): Promise<void> {
  if (json) await printJson({ deleted: name });
  else await writeOut(`${name} is deleted\n`);
}
