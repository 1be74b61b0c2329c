import type { NewEvent, StoredEvent } from '../../src/index.js';
import { openEventStore } from '../../src/index.js';
import { checkAnswers } from '../crash/answers.js';
import { Violation, checkNumbers, readAll } from '../crash/history.js';
import { makeRandom } from '../crash/random.js';
import { type Outcome, type SentEvent, makeAppend } from './workload.js';

/** Opens a store whose server is gone, without faults, and checks it against what was told. */
export async function checkOpenedAgain(
  dataDir: string,
  told: { readonly outcomes: readonly Outcome[]; readonly seen: readonly string[] },
): Promise<void> {
  const store = await openEventStore({ dataDir, segmentBytesMax: 64 * 1024 });
  try {
    if (store.damage !== null) throw new Violation(`damage: ${JSON.stringify(store.damage)}`);
    const events = await readAll(store);
    checkNumbers(events, store.watermark);
    checkTold(events, told);
    const report = await store.verify();
    if (!report.ok) throw new Violation(`verify: ${JSON.stringify(report.files)}`);
    const toRetry = told.outcomes.filter(({ code }) => code !== 'acknowledged');
    for (const { append } of toRetry) {
      const batch = makeAppend(append).map(toNewEvent);
      if (batch.length === 1 && batch[0] !== undefined) await store.append(batch[0]);
      else await store.appendBatch(batch);
    }
    const after = await readAll(store);
    checkTold(after, { ...told, outcomes: told.outcomes.map(asRetried) });
    await checkAnswers(store, after, { random: makeRandom(1), whole: true });
  } finally {
    await store.close();
  }
}

/** The outcome of an append that was made again under its ids: somewhere, once. */
function asRetried(outcome: Outcome): Outcome {
  return outcome.code === 'acknowledged' ? outcome : { ...outcome, code: 'retried' };
}

function toNewEvent(sent: SentEvent): NewEvent {
  return {
    eventId: sent.event_id,
    eventType: sent.event_type,
    entityId: sent.entity_id,
    payload: sent.payload,
  };
}

/** Acknowledged: there and in its place. Refused: not there. In doubt: there or not, but whole. */
function checkTold(
  events: readonly StoredEvent[],
  { outcomes, seen }: { outcomes: readonly Outcome[]; seen: readonly string[] },
): void {
  const byId = new Map(events.map((event) => [event.id, event]));
  if (byId.size !== events.length) throw new Violation('an event is there twice');
  let expected = 0;
  for (const outcome of outcomes) expected += checkAppend(byId, outcome);
  if (expected !== events.length) {
    throw new Violation(`${events.length} events, ${expected} of them appended`);
  }
  for (const id of seen) {
    if (!byId.has(id)) throw new Violation(`seen and lost: event ${id}`);
  }
}

/** Returns how many of its events are there. */
function checkAppend(byId: ReadonlyMap<string, StoredEvent>, outcome: Outcome): number {
  const { append, code, positions } = outcome;
  const sent = makeAppend(append);
  const found = sent
    .map(({ event_id }) => byId.get(event_id))
    .filter((event) => event !== undefined);
  const mustBeThere = code === 'acknowledged' || code === 'retried';
  const mayBeThere = mustBeThere || code === 'append_outcome_unknown';
  if (mustBeThere && found.length === 0) throw new Violation(`lost: append ${append}, ${code}`);
  if (!mayBeThere && found.length > 0) throw new Violation(`append ${append}: ${code}, yet there`);
  if (found.length === 0) return 0;
  if (found.length < sent.length) throw new Violation(`append ${append} is there by half`);
  for (const [part, event] of found.entries()) {
    const position = positions[part] ?? event.position;
    const isWhole = JSON.stringify(event.payload) === JSON.stringify(sent[part]?.payload);
    if (isWhole && event.position === position) continue;
    throw new Violation(`append ${append} is changed, or in another place`);
  }
  return found.length;
}
