import { type ConsistencyProof, type EventProof, ProofError, type TreeHead } from './types.js';

/** The head in an answer of `GET /api/v1/integrity/root`, parsed. */
export function readTreeHead(answer: unknown): TreeHead {
  const fields = fieldsOf(answer);
  return { treeSize: numberIn(fields, 'tree_size'), rootHash: textIn(fields, 'root_hash') };
}

/** The proof in an answer of `GET /api/v1/integrity/proof/:event_id`, parsed. */
export function readEventProof(answer: unknown): EventProof {
  const fields = fieldsOf(answer);
  return {
    position: numberIn(fields, 'position'),
    treeSize: numberIn(fields, 'tree_size'),
    leaf: textIn(fields, 'leaf'),
    path: pathIn(fields),
  };
}

/** The proof in an answer of `GET /api/v1/integrity/consistency`, parsed. */
export function readConsistencyProof(answer: unknown): ConsistencyProof {
  const fields = fieldsOf(answer);
  return {
    firstSize: numberIn(fields, 'first_size'),
    secondSize: numberIn(fields, 'second_size'),
    path: pathIn(fields),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(answer: unknown): Fields {
  if (typeof answer !== 'object' || answer === null) {
    throw new ProofError('expected the parsed JSON object of an answer, got something else');
  }
  return { ...answer };
}

function numberIn(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number') return value;
  throw new ProofError(`${name}: expected a number, got ${typeof value}`);
}

function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new ProofError(`${name}: expected a string, got ${typeof value}`);
}

function pathIn(fields: Fields): string[] {
  const { path } = fields;
  if (Array.isArray(path) && path.every((hash) => typeof hash === 'string')) return path;
  throw new ProofError('path: expected an array of strings');
}
