import type {
  OfTenant,
  Snapshot,
  SnapshotInfo,
  SnapshotListOptions,
  SnapshotPage,
  Snapshots,
} from '../../state/index.js';
import type { Connection } from '../connection.js';
import { checkNames, optionTables, segmentOf, toQuery } from '../wire/parameters.js';
import { toSnapshot } from '../wire/state/snapshotDocuments.js';
import type { WireSnapshot, WireSnapshotState } from '../wire/state/snapshotDocuments.js';

const path = '/api/v1/snapshots';
const tenantName: ReadonlySet<string> = new Set(['tenantId']);

/** Snapshots of a server's store. */
export class RemoteSnapshots implements Snapshots {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async create(entityId: string, options: OfTenant = {}): Promise<SnapshotInfo> {
    checkNames(options, tenantName);
    const { tenantId } = options;
    const body = { entity_id: entityId, tenant_id: tenantId };
    // One that is made twice is there twice, which changes nothing.
    const made = await this.#connection.post<Omit<WireSnapshot, 'id'> & { snapshot_id: string }>(
      path,
      { body, isRepeatable: true },
    );
    return toSnapshot({ ...made, id: made.snapshot_id });
  }

  async list(options: SnapshotListOptions = {}): Promise<SnapshotPage> {
    const query = toQuery(options, optionTables.snapshots);
    const request = { path, query, isRepeatable: true };
    type Page = { snapshots: WireSnapshot[]; next_cursor: string | null };
    const page = await this.#connection.json<Page>(request);
    return { snapshots: page.snapshots.map(toSnapshot), nextCursor: page.next_cursor };
  }

  async latest(entityId: string, options: OfTenant = {}): Promise<Snapshot> {
    const query = toQuery(options, optionTables.tenant);
    const latestPath = `${path}/${segmentOf(entityId, 'entity_id')}/latest`;
    const request = { path: latestPath, query, isRepeatable: true };
    const snapshot = await this.#connection.json<WireSnapshotState>(request);
    return { ...toSnapshot(snapshot), state: snapshot.state };
  }
}
