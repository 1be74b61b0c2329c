import { cp, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a frame lies in its segment file; see docs/format/segment.md. */
export interface Frame {
  readonly offset: number;
  readonly bytes: number;
  readonly events: number;
  readonly firstPosition: number;
}

export const segmentHeaderBytes = 64;
export const frameHeaderBytes = 40;
const frameMagic = 0x52465341;

/** All frames of a segment file, the mark of a clean close included (it has no events). */
export function framesOf(segment: Buffer): Frame[] {
  const frames: Frame[] = [];
  let offset = segmentHeaderBytes;
  while (offset + frameHeaderBytes <= segment.length) {
    if (segment.readUInt32LE(offset) !== frameMagic) break;
    const bytes = segment.readUInt32LE(offset + 8);
    const events = segment.readUInt32LE(offset + 12);
    const firstPosition = Number(segment.readBigUInt64LE(offset + 16));
    frames.push({ offset, bytes, events, firstPosition });
    offset += bytes;
  }
  return frames;
}

export async function segmentFiles(dataDir: string): Promise<string[]> {
  const names = await readdir(join(dataDir, 'log'));
  return names
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .map((name) => join(dataDir, 'log', name));
}

/** What is left is a log whose every byte is read and checked when it is opened. */
export async function removeIndexFiles(dataDir: string): Promise<void> {
  const names = await readdir(join(dataDir, 'log'));
  const indexFiles = names.filter((name) => name.endsWith('.idx'));
  await Promise.all(indexFiles.map((name) => rm(join(dataDir, 'log', name))));
}

export async function readSegment(file: string): Promise<{ bytes: Buffer; frames: Frame[] }> {
  const bytes = await readFile(file);
  return { bytes, frames: framesOf(bytes) };
}

/** A copy of a store as a crash leaves it, or as a backup tool takes it: files and nothing else. */
export async function copyStore(dataDir: string, to: string): Promise<void> {
  await cp(join(dataDir, 'STORE'), join(to, 'STORE'));
  await cp(join(dataDir, 'log'), join(to, 'log'), { recursive: true });
}
