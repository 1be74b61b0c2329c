import { hash, randomBytes, randomUUID } from 'node:crypto';
import { AllSourceError, defaultTenant, fieldError, parseTimestamp } from '../../domain/index.js';
import { RecordedState, readRecords, recordEvent, tenantOf } from '../../eventStore/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { Tenants } from '../../tenants/index.js';
import { checkedRole } from '../role.js';
import type { ApiKey, CreatedApiKey, EmbeddedApiKeys, NewApiKey, OfTenant } from '../types.js';

export const apiKeyPrefix = 'ask_';
export const keyNameCharactersMax = 128;
const secretBytes = 32;
const keyCharacters = apiKeyPrefix.length + Math.ceil((secretBytes * 4) / 3);
const keysMax = 100_000;
const microsPerDay = 86_400_000_000;
const recordTypes = { recorded: 'api_key.recorded', deleted: 'api_key.deleted' };
const newFields = new Set(['name', 'role', 'tenantId', 'expiresAt']);

/** A key as it is kept in the log: its secret has 256 bits, so that its SHA-256 tells nothing. */
interface KeyRecord extends ApiKey {
  readonly digest: string;
  lastUsedAt: number | null;
}

interface KeyParts {
  readonly tenants: Tenants;
  readonly isWritable: boolean;
}

/** The API keys of a store, recorded in its log. */
export class ApiKeyRegistry implements EmbeddedApiKeys {
  readonly #log: SystemAccess;
  readonly #parts: KeyParts;
  readonly #keys = new Map<string, KeyRecord>();
  /** Found by the digest: how long it takes tells nothing of a secret. */
  readonly #byDigest = new Map<string, KeyRecord>();
  readonly #state: RecordedState;

  constructor(log: SystemAccess, parts: KeyParts) {
    this.#log = log;
    this.#parts = parts;
    this.#state = new RecordedState(log, () => this.#read());
  }

  load(): Promise<void> {
    return this.#state.load();
  }

  async create(input: NewApiKey): Promise<CreatedApiKey> {
    const now = nowMicros();
    const fields = checkedKey(input, now);
    const { quotas } = await this.#parts.tenants.get(fields.tenantId);
    const key = apiKeyPrefix + randomBytes(secretBytes).toString('base64url');
    const id = randomUUID();
    const record = { id, ...fields, createdAt: now, lastUsedAt: null, digest: digestOf(key) };
    return this.#state.inTurn(async () => {
      const own = [...this.#keys.values()].filter((other) => other.tenantId === fields.tenantId);
      if (quotas.maxApiKeys !== 0 && own.length >= quotas.maxApiKeys) {
        throw new AllSourceError(
          'quota_exceeded',
          `the tenant ${fields.tenantId} has ${own.length} API keys of ${quotas.maxApiKeys}; delete one first`,
        );
      }
      if (this.#keys.size >= keysMax) {
        throw new AllSourceError('unprocessable', `there are ${keysMax} keys; delete one first`);
      }
      await this.#record(record);
      return { ...publicKey(record), key };
    });
  }

  async list(options: OfTenant = {}): Promise<readonly ApiKey[]> {
    const tenantId = tenantOf(options.tenantId ?? defaultTenant);
    await this.#state.load();
    const own = [...this.#keys.values()].filter((key) => key.tenantId === tenantId);
    return own.sort((a, b) => (a.name < b.name ? -1 : 1)).map(publicKey);
  }

  async delete(id: string, options: OfTenant = {}): Promise<void> {
    const tenantId = tenantOf(options.tenantId ?? defaultTenant);
    await this.#state.inTurn(async () => {
      const key = this.#keys.get(id);
      if (key?.tenantId !== tenantId) {
        const message = `the tenant ${tenantId} has no API key ${JSON.stringify(id)}`;
        throw new AllSourceError('api_key_not_found', message);
      }
      await this.#log.append([recordEvent(recordTypes.deleted, entityOf(id), { id })]);
      this.#keys.delete(id);
      this.#byDigest.delete(key.digest);
    });
  }

  isValid(id: string): boolean {
    const key = this.#keys.get(id);
    return key !== undefined && !isExpired(key, nowMicros());
  }

  withSecret(secret: string): ApiKey | undefined {
    if (secret.length !== keyCharacters) return undefined;
    const key = this.#byDigest.get(digestOf(secret));
    if (key === undefined) return undefined;
    const now = nowMicros();
    if (isExpired(key, now)) return undefined;
    this.#use(key, now);
    return key;
  }

  /** Keys stay in the log, where what lies before is dropped. */
  async rewrite(): Promise<void> {
    await this.#state.inTurn(async () => {
      for (const key of this.#keys.values()) await this.#record(key);
    });
  }

  async close(): Promise<void> {
    await this.#state.settled();
  }

  /** The first use of a day is recorded: each one is not worth an append. */
  #use(key: KeyRecord, now: number): void {
    const before = key.lastUsedAt;
    key.lastUsedAt = now;
    if (before !== null && dayOf(before) === dayOf(now)) return;
    if (!this.#parts.isWritable) return;
    this.#state
      // It may have been deleted meanwhile.
      .inTurn(async () => (this.#keys.has(key.id) ? this.#record(key) : undefined))
      // A key is good without it.
      .catch(() => undefined);
  }

  async #record(key: KeyRecord): Promise<void> {
    await this.#log.append([recordEvent(recordTypes.recorded, entityOf(key.id), key)]);
    this.#keep(key);
  }

  #keep(key: KeyRecord): void {
    this.#keys.set(key.id, key);
    this.#byDigest.set(key.digest, key);
  }

  async #read(): Promise<void> {
    const { kept } = await readRecords<KeyRecord>(this.#log, recordTypes);
    for (const key of kept) this.#keep(key);
  }
}

function digestOf(secret: string): string {
  return hash('sha256', secret, 'base64');
}

function dayOf(micros: number): number {
  return Math.floor(micros / microsPerDay);
}

function publicKey({ digest: _, ...key }: KeyRecord): ApiKey {
  return key;
}

function isExpired({ expiresAt }: ApiKey, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

function entityOf(id: string): string {
  return `api_key:${id}`;
}

function nowMicros(): number {
  return Date.now() * 1000;
}

function checkedKey(
  input: NewApiKey,
  now: number,
): Pick<ApiKey, 'name' | 'role' | 'tenantId' | 'expiresAt'> {
  const unknown = Object.keys(input).find((field) => !newFields.has(field));
  if (unknown !== undefined) {
    throw fieldError('validation_error', unknown, 'not a field of an API key');
  }
  const { name, role = 'serviceaccount', tenantId = defaultTenant, expiresAt } = input;
  if (typeof name !== 'string' || name.trim() === '' || name.length > keyNameCharactersMax) {
    const expected = `expected a text of 1-${keyNameCharactersMax} characters`;
    throw fieldError('validation_error', 'name', expected);
  }
  return {
    name,
    role: checkedRole(role),
    tenantId: tenantOf(tenantId),
    expiresAt: expiresAt === undefined ? null : checkedExpiry(expiresAt, now),
  };
}

function checkedExpiry(expiresAt: number | string, now: number): number {
  const micros = typeof expiresAt === 'string' ? timeOf(expiresAt) : expiresAt;
  if (Number.isSafeInteger(micros) && micros > now) return micros;
  throw fieldError('validation_error', 'expires_at', 'expected a time to come, RFC 3339');
}

/** NaN for what is no time. */
function timeOf(text: string): number {
  try {
    return parseTimestamp(text, 'expires_at');
  } catch {
    return Number.NaN;
  }
}
