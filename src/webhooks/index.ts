export { WebhookRegistry } from './registry.js';
export { deliveryDocument, webhookDocument } from './documents.js';
export { webhookLimits } from './definition.js';
export { verifyWebhook } from './signature.js';
export type {
  CreatedWebhook,
  EmbeddedWebhooks,
  WebhookDelivery,
  WebhookInfo,
  WebhookOptions,
  WebhookRunOptions,
  Webhooks,
} from './types.js';
