/** What `Pool` of pg has. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
}

/** What a client of such a pool has. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>;
  /** True: the connection is not used again. */
  release(destroy?: boolean): void;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  removeListener?(event: 'error', listener: (error: Error) => void): unknown;
}

/** Does some work as one transaction: all of it, or none where it rejects. */
export async function inTransaction<T>(
  pool: PostgresPool,
  work: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  return withClient(pool, async (client) => {
    // The work takes locks, and must see what those had written who held them before.
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  });
}

/** Does some work on a connection of the pool, which is not used again where it can't be trusted. */
export async function withClient<T>(
  pool: PostgresPool,
  work: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // A connection that is lost is told by the query, and by this event, which ends a process that has no
  // listener.
  client.on?.('error', ignore);
  let isSound = false;
  try {
    const result = await work(client);
    isSound = true;
    return result;
  } catch (error) {
    isSound = await rollBack(client);
    throw error;
  } finally {
    client.release(!isSound);
    client.removeListener?.('error', ignore);
  }
}

function ignore(): void {}

/** Whether it could. */
async function rollBack(client: PostgresClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false; // the first error says why
  }
}
