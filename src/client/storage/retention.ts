import type {
  Retention,
  RetentionPolicy,
  RetentionPolicyOptions,
  RetentionReport,
  RetentionRunOptions,
} from '../../retention/index.js';
import { longWaitMs as waitMs } from '../connection.js';
import type { Connection } from '../connection.js';
import { checkNames, segmentOf } from '../wire/parameters.js';
import {
  type WirePolicy,
  type WireRetentionReport,
  toPolicy,
  toRetentionReport,
  toWirePolicy,
} from '../wire/retentionDocuments.js';

const path = '/api/v1/retention/policies';
const code = 'validation_error';
const policyNames: ReadonlySet<string> = new Set([
  'name',
  'tenantId',
  'eventType',
  'keepDays',
  'keepEvents',
  'keepBytes',
]);
const runNames: ReadonlySet<string> = new Set(['dryRun', 'signal']);

/** The retention policies of a server's store. */
export class RemoteRetention implements Retention {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async set(policy: RetentionPolicyOptions): Promise<RetentionPolicy> {
    checkNames(policy, policyNames, { code });
    const request = { body: toWirePolicy(policy), isRepeatable: true };
    return toPolicy(await this.#connection.post<WirePolicy>(path, request));
  }

  async list(): Promise<readonly RetentionPolicy[]> {
    const request = { path, isRepeatable: true };
    const { policies } = await this.#connection.json<{ policies: WirePolicy[] }>(request);
    return policies.map(toPolicy);
  }

  async delete(name: string): Promise<void> {
    const one = `${path}/${segmentOf(name, 'name', code)}`;
    await this.#connection.json({ path: one, method: 'DELETE', isRepeatable: false });
  }

  /** The server ends it, too, where the call is aborted or cut. */
  async run(options: Omit<RetentionRunOptions, 'onProgress'> = {}): Promise<RetentionReport> {
    checkNames(options, runNames, { code });
    const { dryRun, signal } = options;
    const request = { body: { dry_run: dryRun }, isRepeatable: true, waitMs, signal };
    const answer = this.#connection.post<WireRetentionReport>('/api/v1/retention/run', request);
    return toRetentionReport(await answer);
  }
}
