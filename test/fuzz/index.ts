import { cursorTarget } from './cursor.js';
import { proofTarget } from './proof.js';
import type { FuzzTarget } from './target.js';

/** What is decoded in TypeScript; the engine's targets are in native/test/fuzz. */
export const targets: readonly FuzzTarget[] = [cursorTarget, proofTarget];
