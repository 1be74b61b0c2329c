import { AllSourceError } from '../../domain/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  jsonType,
  parseQueryText,
} from '../http/index.js';
import {
  consistencyQuery,
  documents,
  eventParams,
  paramsReader,
  proofQuery,
  queryReader,
  treeHeadQuery,
} from '../schemas/index.js';

const readTreeHeadQuery = queryReader(treeHeadQuery);
const readProofQuery = queryReader(proofQuery);
const readConsistencyQuery = queryReader(consistencyQuery);
const readEventParams = paramsReader(eventParams);

export const treeHeadRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/integrity/root',
  purpose: { kind: 'query', queryType: 'integrity_root' },
  operation: {
    id: 'getTreeHead',
    summary: 'Size and root hash of the Merkle tree (RFC 6962) over the log',
    tag: 'integrity',
    query: treeHeadQuery,
    answers: { [jsonType]: documents.treeHead },
    errors: ['invalid_query', 'events_dropped'],
  },
  handle: getTreeHead,
};

export const eventProofRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/integrity/proof/:event_id',
  purpose: { kind: 'query', queryType: 'integrity_proof' },
  operation: {
    id: 'getEventProof',
    summary: 'Proof that an event is in the log',
    tag: 'integrity',
    params: eventParams,
    query: proofQuery,
    answers: { [jsonType]: documents.eventProof },
    errors: ['validation_error', 'invalid_query', 'event_not_found', 'events_dropped'],
  },
  handle: getEventProof,
};

export const consistencyRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/integrity/consistency',
  purpose: { kind: 'query', queryType: 'integrity_consistency' },
  operation: {
    id: 'getConsistencyProof',
    summary: 'Proof that the log was only added to between two sizes',
    tag: 'integrity',
    query: consistencyQuery,
    answers: { [jsonType]: documents.consistencyProof },
    errors: ['invalid_query', 'events_dropped'],
  },
  handle: getConsistencyProof,
};

async function getTreeHead(exchange: Exchange): Promise<Reply> {
  const { tree_size: treeSize } = readTreeHeadQuery(parseQueryText(exchange.queryText));
  const head = await exchange.runtime.store.treeHead({ treeSize });
  exchange.resultCount = 1;
  return jsonReply({ tree_size: head.treeSize, root_hash: head.rootHash });
}

async function getEventProof(exchange: Exchange): Promise<Reply> {
  const { event_id: eventId } = readEventParams(exchange.params);
  const query = readProofQuery(parseQueryText(exchange.queryText));
  const { store } = exchange.runtime;
  const tenantId = exchange.tenantOf(query.tenant_id);
  const event = await store.getEvent(eventId.toLowerCase(), { tenantId });
  if (event === undefined) {
    throw new AllSourceError('event_not_found', `no event has the id ${eventId}`);
  }
  const options = { tenantId, treeSize: query.tree_size };
  const { position, treeSize, leaf, path } = await store.proveEvent(event.position, options);
  exchange.resultCount = 1;
  return jsonReply({ position, tree_size: treeSize, leaf, path });
}

async function getConsistencyProof(exchange: Exchange): Promise<Reply> {
  const query = readConsistencyQuery(parseQueryText(exchange.queryText));
  const options = { secondSize: query.second_size };
  const proof = await exchange.runtime.store.proveConsistency(query.first_size, options);
  const { firstSize, secondSize, path } = proof;
  exchange.resultCount = 1;
  return jsonReply({ first_size: firstSize, second_size: secondSize, path });
}
