import type { NewUser, OfTenant, User, UserChanges, Users } from '../../access/index.js';
import type { Connection } from '../connection.js';
import { type WireUser, toUser } from '../wire/accessDocuments.js';
import { checkNames, optionTables, segmentOf, toQuery } from '../wire/parameters.js';

const path = '/api/v1/auth/users';
const code = 'validation_error';
const newNames: ReadonlySet<string> = new Set([
  'username',
  'password',
  'email',
  'role',
  'tenantId',
]);
const changeNames: ReadonlySet<string> = new Set(['email', 'role', 'active', 'password']);

/** The users of a server's store. */
export class RemoteUsers implements Users {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async create(user: NewUser): Promise<User> {
    checkNames(user, newNames, { code });
    const { username, password, email, role, tenantId } = user;
    const body = { username, password, email, role, tenant_id: tenantId };
    const request = { body, isRepeatable: false };
    const made = await this.#connection.post<{ user_id: string; tenant_id: string }>(
      '/api/v1/auth/register',
      request,
    );
    return this.get(made.user_id, { tenantId: made.tenant_id });
  }

  async list(options: OfTenant = {}): Promise<readonly User[]> {
    const request = { path, query: toQuery(options, optionTables.tenant), isRepeatable: true };
    const { users } = await this.#connection.json<{ users: WireUser[] }>(request);
    return users.map(toUser);
  }

  async get(id: string, options: OfTenant = {}): Promise<User> {
    const query = toQuery(options, optionTables.tenant);
    const request = { path: onePath(id), query, isRepeatable: true };
    return toUser(await this.#connection.json<WireUser>(request));
  }

  async update(id: string, changes: UserChanges, options: OfTenant = {}): Promise<User> {
    checkNames(changes, changeNames, { code });
    const query = toQuery(options, optionTables.tenant);
    const request = { query, body: changes, isRepeatable: false };
    return toUser(await this.#connection.put<WireUser>(onePath(id), request));
  }

  async delete(id: string, options: OfTenant = {}): Promise<void> {
    const query = toQuery(options, optionTables.tenant);
    const request = { path: onePath(id), method: 'DELETE', query, isRepeatable: false } as const;
    await this.#connection.done(request);
  }
}

function onePath(id: string): string {
  return `${path}/${segmentOf(id, 'id', code)}`;
}
