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

/** A pool, and how long a database that does not answer is waited for. */
export interface BoundedPool {
  readonly pool: PostgresPool;
  readonly timeoutMs: number;
}

/** Does some work as one transaction: all of it, or none where it rejects. */
export async function inTransaction<T>(
  bounded: BoundedPool,
  work: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  return withClient(bounded, async (client) => {
    // The work takes locks, and must see what those had written who held them before.
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  });
}

/** Does some work on a connection of the pool, which is not used again where it can't be trusted. */
export async function withClient<T>(
  { pool, timeoutMs }: BoundedPool,
  work: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  const client = await connected(pool, timeoutMs);
  // A connection that is lost is told by the query, and by this event, which ends a process that has no
  // listener.
  client.on?.('error', ignore);
  let isSound = false;
  try {
    const result = await inTime(work(client), timeoutMs);
    isSound = true;
    return result;
  } catch (error) {
    // What is still under way is cut off: its connection is closed.
    isSound = !(error instanceof NoAnswer) && (await rollBack(client, timeoutMs));
    throw error;
  } finally {
    client.release(!isSound);
    client.removeListener?.('error', ignore);
  }
}

async function connected(pool: PostgresPool, timeoutMs: number): Promise<PostgresClient> {
  const connecting = pool.connect();
  try {
    return await inTime(connecting, timeoutMs);
  } catch (error) {
    // One that comes later is not kept from others.
    connecting.then((client) => client.release(), ignore);
    throw error;
  }
}

class NoAnswer extends Error {
  constructor(timeoutMs: number) {
    super(`PostgreSQL did not answer within ${timeoutMs} ms`);
  }
}

/** Rejects where something takes longer; how it ends then is nobody's any more. */
async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(timeoutMs)), timeoutMs);
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}

function ignore(): void {}

/** Whether it could. */
async function rollBack(client: PostgresClient, timeoutMs: number): Promise<boolean> {
  try {
    await inTime(client.query('ROLLBACK'), timeoutMs);
    return true;
  } catch {
    return false; // the first error says why
  }
}
