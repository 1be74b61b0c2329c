import { drawEntityIds, prepareStore } from '../read/preparedStore.mjs';
import { runMicro } from './runMicro.mjs';

const entities = 10_000;
const eventsPerEntity = 10;
const callsPerRun = 64;

/**
 * Reads of an entity with 10 events.
 *
 * @param {{case: 'bytes' | 'objects', dataDir: string, seconds: number}} options
 */
export async function run(options) {
  const store = await prepareStore({ ...options, entities, eventsPerEntity });
  const ids = drawEntityIds({ entities, count: 4_096 });
  let next = 0;
  const cases = {
    bytes: (/** @type {string | undefined} */ entityId) => store.readBytes({ entityId }),
    objects: (/** @type {string | undefined} */ entityId) => store.readPage({ entityId }),
  };
  const read = cases[options.case];
  const work = async () => {
    for (let call = 0; call < callsPerRun; call++) await read(ids[next++ % ids.length]);
  };
  const answer = await runMicro(work, { ...options, callsPerRun });
  await store.close();
  return answer;
}
