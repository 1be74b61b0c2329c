// Proofs that the server makes are checked by whoever has a head, without the store.
import { describe, expect, it } from 'vitest';
import {
  ProofError,
  readConsistencyProof,
  readEventProof,
  readTreeHead,
  verifyConsistency,
  verifyEvent,
} from '../../src/proof/index.js';
import { type Target, appendLines, bodyOf, call, lines, startListening } from './support.js';

const integrity = '/api/v1/integrity';

async function getJson(target: Target, path: string): Promise<Record<string, unknown>> {
  const answer = await call(target, { path });
  expect(answer.status, answer.text).toBe(200);
  return bodyOf(answer);
}

async function idAt(target: Target, position: number): Promise<string> {
  const page = `/api/v1/events/query?limit=1&from_position=${position}`;
  const { events } = await getJson(target, page);
  // The document's schema is checked in openapi.test.ts.
  return String((events as { id: string }[])[0]?.id);
}

describe('proofs over HTTP', () => {
  it('show a random event to be in the log', async () => {
    const target = await startListening();
    await appendLines(target, lines(300));
    const position = 1 + Math.floor(Math.random() * 300);
    const id = await idAt(target, position);
    const head = readTreeHead(await getJson(target, `${integrity}/root`));
    const proof = readEventProof(await getJson(target, `${integrity}/proof/${id}`));
    const event = await verifyEvent(proof, head);
    expect(event).toMatchObject({ eventId: id, position, tenantId: 'default' });
  });

  it('have the head that the stats tell', async () => {
    const target = await startListening();
    await appendLines(target, lines(300));
    const head = await getJson(target, `${integrity}/root`);
    expect(await getJson(target, '/api/v1/stats?tenant_id=nobody')).toMatchObject(head);
  });

  it('fail where any byte of the answer is another one', async () => {
    const target = await startListening();
    await appendLines(target, lines(5));
    const head = readTreeHead(await getJson(target, `${integrity}/root`));
    const proof = await getJson(target, `${integrity}/proof/${await idAt(target, 3)}`);
    const text = JSON.stringify(proof);
    await verifyEvent(readEventProof(JSON.parse(text)), head);
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === '1' ? '2' : '1';
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      await expect(verifyText(changed, head)).rejects.toThrow();
    }
  });

  it('show that the log was only added to', async () => {
    const target = await startListening();
    await appendLines(target, lines(20));
    const older = readTreeHead(await getJson(target, `${integrity}/root`));
    await appendLines(target, lines(20));
    const newer = readTreeHead(await getJson(target, `${integrity}/root`));
    const path = `${integrity}/consistency?first_size=20&second_size=40`;
    const proof = readConsistencyProof(await getJson(target, path));
    await verifyConsistency(proof, older, newer);
    const forged = { ...older, rootHash: newer.rootHash };
    await expect(verifyConsistency(proof, forged, newer)).rejects.toThrow(ProofError);
  });
});

async function verifyText(text: string, head: Parameters<typeof verifyEvent>[1]): Promise<void> {
  await verifyEvent(readEventProof(JSON.parse(text)), head);
}
