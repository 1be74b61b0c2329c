import { describe } from 'vitest';
import type { StoreMode } from '../support/store.js';
import { describeAnalytics } from './analytics.js';
import { describeAppends } from './append.js';
import { describeBatches } from './batches.js';
import { describeColumns } from './columns.js';
import { describeConditions } from './conditions.js';
import { describeConsumers } from './consumers.js';
import { describeDrops } from './drops.js';
import { describeEntities } from './entities.js';
import { describeExpectedVersions } from './expectedVersions.js';
import { describeIdempotency } from './idempotency.js';
import { describeIngest } from './ingest.js';
import { describeLifecycle } from './lifecycle.js';
import { describeLimits } from './limits.js';
import { describeParquet } from './parquet.js';
import { describePayloads } from './payloads.js';
import { describePipelines } from './pipelines.js';
import { describeProofs } from './proofs.js';
import { describeReads } from './reads.js';
import { describeReplays } from './replays.js';
import { describeSchemas } from './schemas.js';
import { describeSnapshots } from './snapshots.js';
import { describeStates } from './states.js';
import { describeSubscriptions } from './subscriptions.js';
import { describeMatches } from './matches.js';
import { describeTags } from './tags.js';

/** What every store promises, whatever it is made of. */
export function describeStoreContract(name: string, mode: StoreMode): void {
  describe(name, () => {
    describeAppends(mode);
    describeIdempotency(mode);
    describeExpectedVersions(mode);
    describeConditions(mode);
    describeBatches(mode);
    describeMatches(mode);
    describeTags(mode);
    describePayloads(mode);
    describeReads(mode);
    describeColumns(mode);
    describeAnalytics(mode);
    describeEntities(mode);
    describeStates(mode);
    describeSnapshots(mode);
    describeReplays(mode);
    describeSchemas(mode);
    describeDrops(mode);
    describeParquet(mode);
    describeProofs(mode);
    describeSubscriptions(mode);
    describeConsumers(mode);
    describePipelines(mode);
    describeIngest(mode);
    describeLimits(mode);
    describeLifecycle(mode);
  });
}
