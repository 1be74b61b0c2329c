import type { ErrorDetail, NewEvent } from '../../domain/index.js';
import { addressProblem } from '../../outgoing/index.js';
import type { PipelineDefinition } from '../../pipelines/index.js';
import type { CreatedWebhook, WebhookRegistry } from '../../webhooks/index.js';
import { outputsOf } from './outputs.js';

interface PipelineName {
  readonly id: string;
  readonly tenantId: string;
}

interface WantedWebhook {
  readonly name: string;
  readonly url: string;
  readonly secret: string | undefined;
}

/** The webhooks that post the results of pipelines: one for each URL among the outputs of a pipeline. */
export class WebhookOutputs {
  readonly #webhooks: WebhookRegistry;

  constructor(webhooks: WebhookRegistry) {
    this.#webhooks = webhooks;
  }

  problemsOf(definition: PipelineDefinition): ErrorDetail[] {
    const secrets = new Map<string, string>();
    return outputsOf(definition).flatMap(({ field, output }) => {
      if (output.type !== 'webhook') return [];
      const { url, secret } = output;
      const problem = addressProblem(new URL(url), this.#webhooks.isAllowed);
      if (problem !== undefined) return [{ field: `${field}.url`, reason: problem }];
      if (secret === undefined) return [];
      if ((secrets.get(url) ?? secret) !== secret) {
        return [{ field: `${field}.secret`, reason: 'expected one secret for each URL' }];
      }
      secrets.set(url, secret);
      return [];
    });
  }

  /** Makes them, by one append with what is recorded of the pipeline. */
  create(
    pipeline: PipelineName,
    definition: PipelineDefinition,
    record: NewEvent,
  ): Promise<readonly CreatedWebhook[]> {
    return this.#webhooks.createFor(pipeline, wantedBy(pipeline, definition), record);
  }

  delete(pipeline: PipelineName, record: NewEvent): Promise<void> {
    return this.#webhooks.deleteOf(pipeline, record);
  }

  /** Whether the secrets that a definition gives are those of the webhooks. */
  async haveSecretsOf(pipeline: PipelineName, definition: PipelineDefinition): Promise<boolean> {
    for (const { name, secret } of wantedBy(pipeline, definition)) {
      if (secret === undefined) continue;
      if (!(await this.#webhooks.hasSecret(name, secret, pipeline))) return false;
    }
    return true;
  }

  /** Tenants of the store's own that results are written to, by the URLs that they are for. */
  async tenantsOf(
    pipeline: PipelineName,
    definition: PipelineDefinition,
  ): Promise<ReadonlyMap<string, string>> {
    const tenants = new Map<string, string>();
    for (const { name, url } of wantedBy(pipeline, definition)) {
      tenants.set(url, await this.#webhooks.resultTenantOf(name, pipeline));
    }
    return tenants;
  }
}

/** Named by the order of the outputs. */
function wantedBy({ id }: PipelineName, definition: PipelineDefinition): WantedWebhook[] {
  const secrets = new Map<string, string | undefined>();
  for (const { output } of outputsOf(definition)) {
    if (output.type !== 'webhook') continue;
    secrets.set(output.url, secrets.get(output.url) ?? output.secret);
  }
  return [...secrets].map(([url, secret], at) => {
    return { name: `pipeline.${id}.${at + 1}`, url, secret };
  });
}
