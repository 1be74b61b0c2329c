import { printJson, showSafely, writeOut } from '../output.js';

/** What is done with a subject by `pull` or `push`. */
export interface Step {
  readonly subject: string;
  readonly action:
    | 'added'
    | 'updated'
    | 'removed'
    | 'unchanged'
    | 'kept'
    | 'new'
    | 'conflict'
    | 'register'
    | 'registered'
    | 'incompatible'
    | 'known'
    | 'moved';
  /** In the store; null where it has none. */
  readonly version: number | null;
}

const remarks: Readonly<Partial<Record<Step['action'], string>>> = {
  kept: 'changed here, to be pushed',
  new: 'only here, to be pushed',
  conflict: 'changed here and in the store',
  register: 'would be registered',
  known: 'an earlier version, which would not be enforced; change it, or delete the later ones',
  moved: 'the store has another schema than the lock file says: somebody else has changed it',
};

/** As JSON all of them, else those in which something is done. */
export async function printSteps(steps: readonly Step[], json: boolean): Promise<void> {
  for (const step of steps) {
    if (json) await printJson(step);
    else if (step.action !== 'unchanged') await writeOut(`${showSafely(lineOf(step))}\n`);
  }
}

function lineOf({ subject, action, version }: Step): string {
  const remark = remarks[action] ?? (version === null ? '' : `version ${version}`);
  return `${action} ${subject}${remark === '' ? '' : ` (${remark})`}`;
}
