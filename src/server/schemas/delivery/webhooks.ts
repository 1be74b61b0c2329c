import { type Static, Type } from '@sinclair/typebox';
import { webhookLimits } from '../../../webhooks/index.js';
import { filter, filterDocument, name, numberIn, sinceOpened, start } from './consumers.js';
import { count, position, tenantId, timestamp, uuid } from '../formats.js';

const strict = { additionalProperties: false };
const { timeoutMs, pauseAfter, maxAttempts } = webhookLimits;

const secret = Type.String({ description: '`whsec_` and base64 of 24-64 bytes' });

export const newWebhook = Type.Object(
  {
    name,
    url: Type.String({ maxLength: 2048, description: 'http or https' }),
    tenant_id: Type.Optional(Type.Union([tenantId, Type.Null()])),
    filter: Type.Optional(Type.Union([filter, Type.Null()])),
    start: Type.Optional(Type.Union([start, Type.Null()])),
    secret: Type.Optional(Type.Union([secret, Type.Null()])),
    timeout_seconds: Type.Optional(numberIn(timeoutMs, 1000)),
    pause_after: Type.Optional(Type.Integer({ ...numberIn(pauseAfter, 1), type: 'integer' })),
    max_attempts: Type.Optional(Type.Integer({ ...numberIn(maxAttempts, 1), type: 'integer' })),
  },
  { ...strict, $id: 'NewWebhook' },
);

const fields = {
  name,
  tenant_id: tenantId,
  pipeline_id: Type.Union([Type.String(), Type.Null()], {
    description: 'Whose results it posts; null for one that posts events',
  }),
  url: Type.String(),
  filter: filterDocument,
  max_attempts: Type.Integer(),
  timeout_seconds: Type.Number(),
  pause_after: Type.Integer(),
  status: Type.Union([Type.Literal('active'), Type.Literal('paused')]),
  pause_reason: Type.Union([Type.String(), Type.Null()]),
  cursor: Type.Integer({ minimum: 0, description: 'All matching events up to here were taken' }),
  lag: Type.Integer({ minimum: 0, description: 'Positions between the cursor and the watermark' }),
  dead_letters: count,
  failures: Type.Integer({ minimum: 0, description: 'Attempts in a row that failed' }),
  taken: sinceOpened('Posts that the receiver took'),
  refused: sinceOpened('Posts that it answered otherwise'),
  unanswered: sinceOpened('Posts without an answer'),
};

export const webhook = Type.Object(fields, { ...strict, $id: 'Webhook' });

export const createdWebhook = Type.Object(
  { ...fields, secret: Type.String({ description: 'Told this once' }) },
  { ...strict, $id: 'CreatedWebhook' },
);

export const webhookList = Type.Object(
  { webhooks: Type.Array(webhook), total: count },
  { ...strict, $id: 'WebhookList' },
);

export const webhookDeliveries = Type.Object(
  {
    deliveries: Type.Array(
      Type.Object(
        {
          event_id: uuid,
          position,
          attempt: Type.Integer({ minimum: 1 }),
          at: timestamp,
          duration_ms: count,
          status: Type.Union([Type.Integer(), Type.Null()]),
          error: Type.Union([Type.String(), Type.Null()]),
        },
        strict,
      ),
    ),
  },
  { ...strict, $id: 'WebhookDeliveries' },
);

export const deliveriesQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  },
  strict,
);

export const webhookParams = Type.Object({ name });

/** Schemas that `/openapi.json` names once. */
export const webhookDocuments = [
  newWebhook,
  webhook,
  createdWebhook,
  webhookList,
  webhookDeliveries,
];

export type NewWebhook = Static<typeof newWebhook>;
export type WebhookDocument = Static<typeof webhook>;
