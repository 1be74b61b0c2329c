import { Counter, Gauge, type Registry } from 'prom-client';
import type { EmbeddedStore } from '../../../store/index.js';

/** What backups tell of themselves. */
export function addBackupMetrics(registry: Registry, { backups }: EmbeddedStore): void {
  new Counter({
    name: 'allsource_backups_created_total',
    help: 'Backups made since the store was opened.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(backups.counts().created);
    },
  });
  new Counter({
    name: 'allsource_backups_failed_total',
    help: 'Backups that could not be made since the store was opened.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(backups.counts().failed);
    },
  });
  new Gauge({
    name: 'allsource_backup_last_timestamp_seconds',
    help: 'When the newest backup was made, in seconds since 1970; 0 = there is none.',
    registers: [registry],
    collect() {
      this.set((backups.counts().lastCreatedAt ?? 0) / 1e6);
    },
  });
}
