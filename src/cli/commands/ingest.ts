import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Command } from 'commander';
import { AllSourceError, type ErrorCode } from '../../domain/index.js';
import { CliError, describeFailure, exitFailed, findSystemCode } from '../failure.js';
import { ingestLines, type Acknowledged, type IngestOutcome } from '../ingestLines.js';
import { cutIntoBatches, type LineBatch } from '../lineBatches.js';
import { addTargetFlags, wholeNumberFrom, type TargetFlags } from '../options.js';
import { formatCount, printJson, writeOut } from '../output.js';
import { startProgress } from '../progress.js';
import { openTarget, type Target } from '../target/index.js';

const readBytes = 1024 * 1024;
const batchLinesDefault = 5000;
const directoryInFlight = 4;
/** Requests that overtake each other would change the order of the events. */
const urlInFlight = 1;

interface IngestFlags extends TargetFlags {
  readonly skipLines: number;
  readonly batchLines: number;
  readonly inFlight?: number;
}

interface Input {
  readonly name: string;
  readonly stream: Readable;
  /** Bytes of the file; null for standard input. */
  readonly bytesTotal: number | null;
}

export function addIngestCommand(program: Command): void {
  const command = program
    .command('ingest')
    .description('append events from NDJSON, one event a line, in atomic batches')
    .argument('<file>', 'file to read, or - for standard input');
  addTargetFlags(command)
    .option('--skip-lines <n>', 'pass over the first lines', wholeNumberFrom(0), 0)
    .option(
      '--batch-lines <n>',
      'lines that are appended as one',
      wholeNumberFrom(1, 100_000),
      batchLinesDefault,
    )
    .option(
      '--in-flight <n>',
      `batches that wait for the disk at a time (default ${directoryInFlight}; over a URL ` +
        `${urlInFlight}, and with more the order between batches is not kept)`,
      wholeNumberFrom(1, 64),
    )
    .action(runIngest);
}

async function runIngest(file: string, flags: IngestFlags): Promise<void> {
  // Until all is done: also where nobody reads the output any more.
  process.exitCode = exitFailed;
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
  const input = await openInput(file, interrupt.signal);
  try {
    const target = await openTarget(flags, 'write');
    try {
      const startMs = performance.now();
      const outcome = await ingest({ input, target, flags });
      const seconds = (performance.now() - startMs) / 1000;
      await report({ input, outcome, seconds, flags, interrupted: interrupt.signal.aborted });
    } finally {
      await target.close();
    }
    process.exitCode = 0;
  } finally {
    input.stream.destroy();
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
  }
}

async function openInput(file: string, signal: AbortSignal): Promise<Input> {
  if (file === '-') {
    addAbortSignal(signal, process.stdin);
    return { name: 'standard input', stream: process.stdin, bytesTotal: null };
  }
  try {
    const handle = await open(file);
    const status = await handle.stat();
    if (status.isDirectory()) throw Object.assign(new Error('directory'), { code: 'EISDIR' });
    const stream = handle.createReadStream({ highWaterMark: readBytes, signal });
    return { name: file, stream, bytesTotal: status.isFile() ? status.size : null };
  } catch (error) {
    const code = findSystemCode(error) ?? 'unknown error';
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EISDIR: 'that is a directory',
      EACCES: 'no permission to read it',
    };
    throw new CliError(`${file}: ${reasons[code] ?? code}; name an NDJSON file, or - for stdin`);
  }
}

async function ingest(run: {
  input: Input;
  target: Target;
  flags: IngestFlags;
}): Promise<IngestOutcome> {
  const { input, target, flags } = run;
  const startMs = performance.now();
  const progress = startProgress('ingest');
  try {
    const batches = cutIntoBatches(input.stream, {
      linesMax: flags.batchLines,
      skipLines: flags.skipLines,
    });
    return await ingestLines(batches, {
      append: (bytes) => target.append(bytes),
      inFlight: flags.inFlight ?? (target.kind === 'url' ? urlInFlight : directoryInFlight),
      skippedLines: flags.skipLines,
      onAcknowledged: async (acknowledged) => {
        const seconds = (performance.now() - startMs) / 1000;
        const rate = countPerSecond(acknowledged.events, seconds);
        progress.update({
          done: acknowledged.inputBytes,
          total: input.bytesTotal,
          text: `${formatCount(acknowledged.events)} events, ${formatCount(rate)} events/s`,
        });
        if (flags.json) await printJson({ type: 'acknowledged', ...toDocument(acknowledged) });
      },
    });
  } finally {
    progress.stop();
  }
}

interface Run {
  readonly input: Input;
  readonly outcome: IngestOutcome;
  readonly seconds: number;
  readonly flags: IngestFlags;
  readonly interrupted: boolean;
}

async function report(run: Run): Promise<void> {
  const { acknowledged, failure } = run.outcome;
  if (failure !== undefined) {
    const { sentence, line } = describeStop(run, failure);
    if (run.flags.json) {
      await printJson({ type: 'stopped', line, error: sentence, ...toDocument(acknowledged) });
    }
    throw new CliError(sentence, { cause: failure.error });
  }
  const perSecond = countPerSecond(acknowledged.events, run.seconds);
  if (run.flags.json) {
    const rate = { seconds: Number(run.seconds.toFixed(3)), events_per_second: perSecond };
    await printJson({ type: 'done', ...toDocument(acknowledged), ...rate });
    return;
  }
  const { events, deduplicated } = acknowledged;
  const known = deduplicated > 0 ? `, ${formatCount(deduplicated)} of them known before` : '';
  await writeOut(
    `${formatCount(events)} events acknowledged${known} in ${run.seconds.toFixed(2)} s, ` +
      `${formatCount(perSecond)} events/s\n`,
  );
}

function countPerSecond(events: number, seconds: number): number {
  return Math.round(events / Math.max(seconds, 0.001));
}

function describeStop(
  { input, outcome, interrupted }: Run,
  failure: NonNullable<IngestOutcome['failure']>,
): { sentence: string; line: number | null } {
  const { acknowledged, eventsBehindFailure } = outcome;
  const line = findLine(failure);
  const reason = interrupted ? 'interrupted' : describeReason(failure, line);
  const unknown =
    failure.batch !== null && isOutcomeUnknown(failure.error)
      ? `; ${describeLines(failure.batch)} may or may not be stored: with an event_id in each ` +
        'line, sending them again is safe'
      : '';
  const behind =
    eventsBehindFailure > 0 ? `; ${eventsBehindFailure} events behind them are stored too` : '';
  return {
    sentence:
      `${input.name}: ${reason}; ${acknowledged.events} events were acknowledged, up to line ` +
      `${acknowledged.lines}${unknown}${behind}; go on with --skip-lines ${acknowledged.lines}`,
    line,
  };
}

/** The line of the whole input that the error is about, or null. */
function findLine({ error, batch }: NonNullable<IngestOutcome['failure']>): number | null {
  if (!(error instanceof AllSourceError)) return null;
  const line = error.details?.find((detail) => detail.line !== undefined)?.line;
  if (line === undefined) return null;
  return batch === null ? line : batch.firstLine + line - 1;
}

function describeReason(
  { error, batch }: NonNullable<IngestOutcome['failure']>,
  line: number | null,
): string {
  const { sentence } = describeFailure(error);
  // The message counts lines within its batch; the person counts lines of the file.
  if (line !== null) return `line ${line}: ${sentence.replace(/^(.*?)\bline \d+\b:? ?/, '$1')}`;
  return batch === null ? sentence : `${describeLines(batch)}: ${sentence}`;
}

function describeLines({ firstLine, lines }: LineBatch): string {
  return lines === 1 ? `line ${firstLine}` : `lines ${firstLine}-${firstLine + lines - 1}`;
}

const unknownCodes: readonly ErrorCode[] = [
  'append_outcome_unknown',
  'internal_error',
  'server_unreachable',
];
const neverSentCodes = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'];

function isOutcomeUnknown(error: unknown): boolean {
  if (error instanceof AllSourceError && !unknownCodes.includes(error.code)) return false;
  return !neverSentCodes.includes(findSystemCode(error) ?? '');
}

function toDocument(acknowledged: Acknowledged): Readonly<Record<string, number>> {
  return {
    events: acknowledged.events,
    lines: acknowledged.lines,
    deduplicated: acknowledged.deduplicated,
    last_position: acknowledged.lastPosition,
  };
}
