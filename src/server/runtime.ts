import type { EmbeddedStore } from '../store/index.js';
import type { Logger } from 'pino';
import { Authenticator, type Session, firstUsername } from './auth/index.js';
import { BodyMemory } from './bodyMemory.js';
import { type AppOptions, type AppSettings, resolveAppOptions } from './options.js';
import { ClientAddresses, RateLimits } from './limits/index.js';
import { Metrics } from './observe/index.js';
import { LiveStreams } from './stream/index.js';

/**
 * `serving`: everything is answered. `draining`: the same, but `/ready` says no. `stopping`: only
 * requests under way are finished, others get 503.
 */
type Phase = 'serving' | 'draining' | 'stopping';

/** What all requests of one app share. */
export class Runtime {
  readonly store: EmbeddedStore;
  readonly settings: AppSettings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly streams: LiveStreams;
  readonly bodyMemory: BodyMemory;
  readonly rateLimits = new RateLimits();
  readonly addresses: ClientAddresses;
  /** Undefined: everybody is an administrator. */
  readonly auth: Authenticator | undefined;
  phase: Phase = 'serving';
  /** True where only loopback names may stand in `Host` (see http/host.ts). */
  loopbackOnly = false;
  /** Whether webhooks were started. */
  #posting: Promise<boolean> = Promise.resolve(false);

  constructor(store: EmbeddedStore, options: AppOptions) {
    this.store = store;
    this.settings = resolveAppOptions(options);
    this.logger = this.settings.logger;
    const { auth, trustedProxies } = this.settings;
    this.addresses = new ClientAddresses(trustedProxies);
    this.auth = auth === undefined ? undefined : new Authenticator(store, auth, tellFirstPassword);
    this.bodyMemory = new BodyMemory(this.settings.bodiesBytesMax);
    this.streams = new LiveStreams(this.settings.streamPingMs);
    const { rateLimits, streams } = this;
    const isOfProcess = this.settings.processMetrics;
    this.metrics = new Metrics(store, { streams, rateLimits, isOfProcess });
  }

  /** Takes one request of the tenant of a caller; undefined where it has no bound. */
  takeRequest({ principal: { tenantId } }: Session): ReturnType<RateLimits['take']> {
    return this.rateLimits.take(tenantId, this.store.tenants.quotasOf(tenantId));
  }

  /**
   * The server begins to post; not before it is known that it may serve. Throws `invalid_configuration`
   * where the webhooks of the store post by another rule.
   */
  startWebhooks(): void {
    if (this.store.readOnly) return;
    const { allowPrivateWebhooks: allowPrivateAddresses } = this.settings;
    this.#posting = this.store.webhooks.start({ allowPrivateAddresses }).then(
      () => true,
      (error: unknown) => {
        this.logger.error({ err: error }, 'webhooks could not be started');
        return false;
      },
    );
  }

  /** They go on where another server of the store has started them, too. */
  async stopWebhooks(): Promise<void> {
    if (await this.#posting) await this.store.webhooks.stop();
  }
}

/** On the terminal and nowhere else: not in the log, which is kept and shipped. */
function tellFirstPassword(password: string): void {
  process.stderr.write(
    `There are no users yet: made "${firstUsername}" with the password ${password}\n` +
      'It is shown this once. Log in and change it.\n',
  );
}
