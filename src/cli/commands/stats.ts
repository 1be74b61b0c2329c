import type { Command } from 'commander';
import { addTargetFlags, type TargetFlags } from '../options.js';
import { formatBytes, formatCount, printJson, printPairs } from '../output.js';
import { openTarget } from '../target/index.js';

interface StatsFlags extends TargetFlags {
  readonly tenant?: string;
}

export function addStatsCommand(program: Command): void {
  const command = program.command('stats').description('print how much the store holds');
  addTargetFlags(command).option('--tenant <id>', 'count only this tenant').action(runStats);
}

async function runStats(flags: StatsFlags): Promise<void> {
  const target = await openTarget(flags);
  try {
    const stats = await target.stats(flags.tenant);
    if (flags.json) {
      await printJson(stats);
      return;
    }
    await printPairs([
      ['store', target.place],
      ['events', formatCount(stats.total_events)],
      ['entities', formatCount(stats.total_entities)],
      ['event types', formatCount(stats.total_event_types)],
      ['first position', String(stats.first_position)],
      ['watermark', String(stats.watermark)],
      ['storage', formatBytes(stats.storage_bytes)],
      ['segments', formatCount(stats.segments)],
      ['root hash', stats.root_hash ?? 'none: the log is damaged'],
    ]);
  } finally {
    await target.close();
  }
}
