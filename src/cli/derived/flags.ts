import type { Command } from 'commander';
import { addTargetFlags, type TargetFlags } from '../options.js';
import { openTarget, type Target } from '../target/index.js';

// What pipelines and projections have in common on the command line.

export interface DerivedFlags extends TargetFlags {
  readonly tenant?: string;
}

export function addDerivedFlags(command: Command): Command {
  return addTargetFlags(command).option('--tenant <id>', 'tenant that it is of (default default)');
}

export function ofTenant({ tenant }: DerivedFlags): { readonly tenantId: string | undefined } {
  return { tenantId: tenant };
}

/** Runs `work` on the target of the flags; a directory is opened for writing only where it has to be. */
export async function withTarget(
  flags: DerivedFlags,
  access: 'read' | 'write',
  work: (target: Target) => Promise<void>,
): Promise<void> {
  const target = await openTarget(flags, access);
  try {
    await work(target);
  } finally {
    await target.close();
  }
}
