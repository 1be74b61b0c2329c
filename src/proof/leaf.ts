import { toHex } from './merkle.js';
import { ProofError, type ProvenEvent } from './types.js';

/** Offsets in a leaf: 16 bytes, then those of docs/format/segment.md minus 24. */
const offset = {
  position: 0,
  timestamp: 8,
  id: 16,
  version: 32,
  metadataBytes: 40,
  payloadBytes: 44,
  entityBytes: 56,
  tagsBytes: 58,
  tenantBytes: 60,
  typeBytes: 61,
  tagCount: 62,
  texts: 64,
} as const;

/** The event in the bytes of a leaf. */
export function decodeLeaf(leaf: Uint8Array): ProvenEvent {
  if (leaf.length < offset.texts) throw malformed();
  const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength);
  const texts = new Texts(leaf);
  const tenantId = texts.take(view.getUint8(offset.tenantBytes));
  const entityId = texts.take(view.getUint16(offset.entityBytes, true));
  const eventType = texts.take(view.getUint8(offset.typeBytes));
  const tags = texts.takeTags(
    view.getUint8(offset.tagCount),
    view.getUint16(offset.tagsBytes, true),
  );
  const metadata = texts.take(view.getUint32(offset.metadataBytes, true));
  const payload = texts.take(view.getUint32(offset.payloadBytes, true));
  if (!texts.isAtEnd) throw malformed();
  return {
    eventId: uuidText(leaf.subarray(offset.id, offset.version)),
    tenantId,
    entityId,
    eventType,
    version: Number(view.getBigUint64(offset.version, true)),
    position: Number(view.getBigUint64(offset.position, true)),
    timestamp: Number(view.getBigInt64(offset.timestamp, true)),
    tags,
    payload,
    metadata: metadata === '' ? null : metadata,
  };
}

/** The texts of a record, one behind the other. */
class Texts {
  #at: number = offset.texts;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(readonly leaf: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.#at === this.leaf.length;
  }

  take(bytes: number): string {
    const end = this.#at + bytes;
    if (end > this.leaf.length) throw malformed();
    const text = this.leaf.subarray(this.#at, end);
    this.#at = end;
    try {
      return this.#decoder.decode(text);
    } catch {
      throw malformed();
    }
  }

  takeTags(count: number, bytes: number): string[] {
    const end = this.#at + bytes;
    const tags = Array.from({ length: count }, () => {
      const length = this.leaf[this.#at];
      this.#at += 1;
      if (length === undefined) throw malformed();
      return this.take(length);
    });
    if (this.#at !== end) throw malformed();
    return tags;
  }
}

function uuidText(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function malformed(): ProofError {
  return new ProofError('leaf: expected position, time and an event record, got other bytes');
}
