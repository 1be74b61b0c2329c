import { randomUUID } from 'node:crypto';
import { AllSourceError, defaultTenant, fieldError } from '../../domain/index.js';
import { RecordedState, readRecords, recordEvent, tenantOf } from '../../eventStore/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { Tenants } from '../../tenants/index.js';
import { checkedRole } from '../role.js';
import { RevokedTokens } from '../tokens/revoked.js';
import type { EmbeddedUsers, NewUser, OfTenant, TokenHolder, User, UserChanges } from '../types.js';
import { checkPassword, hashPassword, isPassword } from './passwords.js';

const usersMax = 100_000;
export const usernamePattern = '^[A-Za-z0-9._@+-]{1,64}$';
export const emailCharactersMax = 254;
const recordTypes = { recorded: 'user.recorded', deleted: 'user.deleted' };
const newFields = new Set(['username', 'password', 'email', 'role', 'tenantId']);
const changedFields = new Set(['email', 'role', 'active', 'password']);

/** A user as it is kept in the log. */
interface UserRecord extends User {
  readonly passwordHash: string;
  /** Tokens have it, too; it rises when those that are there are to be refused. */
  readonly epoch: number;
}

interface UserParts {
  readonly tenants: Tenants;
  readonly passwordCharactersMin: number;
}

/** The users of a store, recorded in its log with hashes of their passwords. */
export class UserRegistry implements EmbeddedUsers {
  readonly #log: SystemAccess;
  readonly #parts: UserParts;
  readonly #users = new Map<string, UserRecord>();
  /** By name in lower case. */
  readonly #byName = new Map<string, UserRecord>();
  readonly #state: RecordedState;
  readonly #revoked: RevokedTokens;

  constructor(log: SystemAccess, parts: UserParts) {
    this.#log = log;
    this.#parts = parts;
    this.#state = new RecordedState(log, () => this.#read());
    this.#revoked = new RevokedTokens(log);
  }

  async load(): Promise<void> {
    await Promise.all([this.#state.load(), this.#revoked.load()]);
  }

  get passwordCharactersMin(): number {
    return this.#parts.passwordCharactersMin;
  }

  get count(): number {
    return this.#users.size;
  }

  async create(input: NewUser): Promise<User> {
    const user = checkedUser(input);
    checkPassword(input.password, this.passwordCharactersMin);
    await this.#parts.tenants.get(user.tenantId);
    const passwordHash = await hashPassword(input.password);
    const now = nowMicros();
    const times = { createdAt: now, updatedAt: now };
    return this.#state.inTurn(async () => {
      if (this.#byName.has(user.username.toLowerCase())) {
        throw new AllSourceError('user_exists', `there is a user ${user.username}`);
      }
      if (this.#users.size >= usersMax) {
        throw new AllSourceError('unprocessable', `there are ${usersMax} users; delete one first`);
      }
      const id = randomUUID();
      return this.#record({ id, ...user, active: true, ...times, passwordHash, epoch: 1 });
    });
  }

  async list(options: OfTenant = {}): Promise<readonly User[]> {
    const tenantId = tenantOf(options.tenantId ?? defaultTenant);
    await this.#state.load();
    const own = [...this.#users.values()].filter((user) => user.tenantId === tenantId);
    return own.sort((a, b) => (a.username < b.username ? -1 : 1)).map(publicUser);
  }

  async get(id: string, options: OfTenant = {}): Promise<User> {
    await this.#state.load();
    return publicUser(this.#named(id, options));
  }

  async update(id: string, changes: UserChanges, options: OfTenant = {}): Promise<User> {
    const checked = checkedChanges(changes);
    const { password } = changes;
    if (password !== undefined) checkPassword(password, this.passwordCharactersMin);
    const secret = password === undefined ? {} : { passwordHash: await hashPassword(password) };
    return this.#state.inTurn(async () => {
      const user = this.#named(id, options);
      const changed = { ...user, ...checked, ...secret, updatedAt: nowMicros() };
      if (!isLeader(changed)) this.#mustNotBeLast(user);
      const isRevoked =
        password !== undefined || changed.role !== user.role || (user.active && !changed.active);
      return this.#record({ ...changed, epoch: user.epoch + (isRevoked ? 1 : 0) });
    });
  }

  async delete(id: string, options: OfTenant = {}): Promise<void> {
    await this.#state.inTurn(async () => {
      const user = this.#named(id, options);
      this.#mustNotBeLast(user);
      await this.#log.append([recordEvent(recordTypes.deleted, entityOf(id), { id })]);
      this.#users.delete(id);
      this.#byName.delete(user.username.toLowerCase());
    });
  }

  async withPassword(username: string, password: string): Promise<TokenHolder | undefined> {
    await this.#state.load();
    const known = this.#byName.get(String(username).toLowerCase());
    if (!(await isPassword(password, known?.passwordHash))) return undefined;
    // As it is now: it may have changed meanwhile.
    const user = known && this.#users.get(known.id);
    if (user?.active !== true || user.passwordHash !== known?.passwordHash) return undefined;
    return { user: publicUser(user), epoch: user.epoch };
  }

  holder(id: string, epoch: number): User | undefined {
    const user = this.#users.get(id);
    return user?.active === true && user.epoch === epoch ? user : undefined;
  }

  revokeToken(tokenId: string, expiresAt: number): Promise<void> {
    return this.#revoked.add(tokenId, expiresAt);
  }

  isRevoked(tokenId: string): boolean {
    return this.#revoked.has(tokenId);
  }

  /** Users stay in the log, where what lies before is dropped. */
  async rewrite(): Promise<void> {
    await this.#state.inTurn(async () => {
      for (const user of this.#users.values()) await this.#record(user);
    });
    await this.#revoked.rewrite();
  }

  async close(): Promise<void> {
    await this.#state.settled();
    await this.#revoked.close();
  }

  #named(id: string, options: OfTenant): UserRecord {
    const tenantId = tenantOf(options.tenantId ?? defaultTenant);
    const user = this.#users.get(id);
    if (user?.tenantId === tenantId) return user;
    throw new AllSourceError(
      'user_not_found',
      `the tenant ${tenantId} has no user ${JSON.stringify(id)}`,
    );
  }

  /** Nobody could make another administrator. */
  #mustNotBeLast(user: UserRecord): void {
    if (!isLeader(user)) return;
    const others = [...this.#users.values()].filter((other) => other !== user && isLeader(other));
    if (others.length > 0) return;
    throw new AllSourceError(
      'unprocessable',
      `${user.username} is the last active administrator of the tenant ${defaultTenant}; make another one first`,
    );
  }

  async #record(user: UserRecord): Promise<User> {
    await this.#log.append([recordEvent(recordTypes.recorded, entityOf(user.id), user)]);
    this.#keep(user);
    return publicUser(user);
  }

  #keep(user: UserRecord): void {
    this.#users.set(user.id, user);
    this.#byName.set(user.username.toLowerCase(), user);
  }

  async #read(): Promise<void> {
    const { kept } = await readRecords<UserRecord>(this.#log, recordTypes);
    for (const user of kept) this.#keep(user);
  }
}

function isLeader({ tenantId, role, active }: User): boolean {
  return tenantId === defaultTenant && role === 'admin' && active;
}

function publicUser({ passwordHash: _, epoch: __, ...user }: UserRecord): User {
  return user;
}

function entityOf(id: string): string {
  return `user:${id}`;
}

function nowMicros(): number {
  return Date.now() * 1000;
}

function checkedUser(input: NewUser): Pick<User, 'username' | 'email' | 'role' | 'tenantId'> {
  mustHaveOnly(input, newFields);
  const { username, email, role = 'readonly', tenantId = defaultTenant } = input;
  if (typeof username !== 'string' || !new RegExp(usernamePattern).test(username)) {
    const expected = 'expected 1-64 letters, digits and . _ @ + -';
    throw fieldError('validation_error', 'username', expected);
  }
  return {
    username,
    email: email === undefined ? null : checkedEmail(email),
    role: checkedRole(role),
    tenantId: tenantOf(tenantId),
  };
}

function checkedChanges(changes: UserChanges): Partial<Pick<User, 'email' | 'role' | 'active'>> {
  mustHaveOnly(changes, changedFields);
  const { email, role, active } = changes;
  if (active !== undefined && typeof active !== 'boolean') {
    throw fieldError('validation_error', 'active', 'expected true or false');
  }
  return {
    ...(email !== undefined && { email: email === null ? null : checkedEmail(email) }),
    ...(role !== undefined && { role: checkedRole(role) }),
    ...(active !== undefined && { active }),
  };
}

function mustHaveOnly(input: object, names: ReadonlySet<string>): void {
  const unknown = Object.keys(input).find((name) => !names.has(name));
  if (unknown !== undefined) throw fieldError('validation_error', unknown, 'not a field of a user');
}

/** Nothing is sent to it: what an address is, only its server knows. */
function checkedEmail(email: string): string {
  const isText = typeof email === 'string' && email.length <= emailCharactersMax;
  if (isText && /^[^\s@]+@[^\s@]+$/u.test(email)) return email;
  throw fieldError('validation_error', 'email', 'expected an address, such as ada@example.com');
}
