import type { Route } from '../http/index.js';
import { authRoutes } from './access/auth.js';
import { tenantRoutes } from './access/tenants.js';
import { analyticsRoutes } from './analytics.js';
import { appendBatchRoute, appendRoute } from './append.js';
import { backupRoutes } from './storage/backups.js';
import { compactionRoutes } from './storage/compaction.js';
import { retentionRoutes } from './storage/retention.js';
import { consumerRoutes } from './delivery/consumers.js';
import { entitiesRoute, eventTypesRoute, snapshotRoute, stateRoute } from './state/entities.js';
import { eventRoute, queryRoute } from './query.js';
import { consistencyRoute, eventProofRoute, treeHeadRoute } from './integrity.js';
import { healthRoute, metricsRoute, openApiRoute, readyRoute, statsRoute } from './service.js';
import { pipelineRoutes } from './state/pipelines.js';
import { projectionRoutes } from './state/projections.js';
import { replayRoutes } from './state/replays.js';
import { schemaRoutes } from './state/schemas.js';
import { snapshotRoutes } from './state/snapshots.js';
import { sqlRoute } from './sql.js';
import { streamRoute } from './stream.js';
import { webhookRoutes } from './delivery/webhooks.js';

export { appendBatchRoute, appendRoute } from './append.js';
export { stateRoute } from './state/entities.js';
export { eventRoute, queryRoute } from './query.js';

const described: readonly Route[] = [
  healthRoute,
  readyRoute,
  metricsRoute,
  ...authRoutes,
  ...tenantRoutes,
  appendRoute,
  appendBatchRoute,
  queryRoute,
  streamRoute,
  // Behind the fixed names below the same path.
  eventRoute,
  entitiesRoute,
  stateRoute,
  snapshotRoute,
  ...snapshotRoutes,
  ...projectionRoutes,
  ...replayRoutes,
  ...pipelineRoutes,
  ...schemaRoutes,
  ...analyticsRoutes,
  sqlRoute,
  eventTypesRoute,
  statsRoute,
  treeHeadRoute,
  eventProofRoute,
  consistencyRoute,
  ...backupRoutes,
  ...compactionRoutes,
  ...retentionRoutes,
  ...consumerRoutes,
  ...webhookRoutes,
];

/** Every route of the server, in the order in which they are matched. */
export const allRoutes: readonly Route[] = [...described, openApiRoute(described)];
