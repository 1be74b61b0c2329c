import type { Command } from 'commander';
import {
  firstPosition,
  followUntilInterrupt,
  noteEndOfDirectory,
  parseStart,
  type StartFlag,
} from '../following.js';
import { formatTime, TablePrinter, writeOut } from '../output.js';
import type { Target, WireTopicMessage } from '../target/index.js';
import { addDerivedFlags, withTarget, type DerivedFlags } from './flags.js';

interface TailFlags extends DerivedFlags {
  readonly from?: StartFlag;
}

export function addTopicTail(group: Command): void {
  const command = group
    .command('tail')
    .description('print what comes out at a topic')
    .argument('<topic>', 'name of the topic');
  addDerivedFlags(command)
    .option(
      '--from <n>',
      'first position wanted, or beginning, or now (default now; on a directory beginning)',
      parseStart,
    )
    .action((topic: string, flags: TailFlags) =>
      withTarget(flags, 'read', (target) => tailTopic(target, topic, flags)),
    );
}

async function tailTopic(target: Target, topic: string, flags: TailFlags): Promise<void> {
  const print = flags.json === true ? printRaw : makeTablePrinter();
  for await (const line of linesOf(target, topic, flags)) await print(line);
  if (target.kind === 'directory') noteEndOfDirectory();
}

async function* linesOf(
  target: Target,
  topic: string,
  { from, tenant: tenantId }: TailFlags,
): AsyncGenerator<Uint8Array> {
  if (target.kind === 'url') {
    yield* followUntilInterrupt(target, { from, filter: { topic, tenantId } });
    return;
  }
  const first = firstPosition(from ?? 'beginning');
  if (first !== undefined) yield* target.topicMessages(topic, { tenantId, from: first });
}

async function printRaw(line: Uint8Array): Promise<void> {
  await writeOut(Buffer.concat([line, Buffer.from('\n')]));
}

function makeTablePrinter(): (line: Uint8Array) => Promise<void> {
  const table = new TablePrinter([
    { title: 'position', align: 'right' },
    { title: 'time' },
    { title: 'pipeline' },
    { title: 'value' },
  ]);
  return (line) => {
    // The store wrote this line.
    const message = JSON.parse(Buffer.from(line).toString('utf8')) as WireTopicMessage;
    const { position, time, pipeline, value } = message;
    return table.print([[String(position), formatTime(time), pipeline, JSON.stringify(value)]]);
  };
}
