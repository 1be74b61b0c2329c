import {
  backupDocument,
  backupListDocument,
  backupReportDocument,
  pruneDocument,
} from '../../../backups/index.js';
import type { ErrorCode } from '../../../domain/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  parseQueryText,
} from '../../http/index.js';
import { backups as schemas, noQuery, paramsReader, queryReader } from '../../schemas/index.js';
import { bodyErrors, bodyReader, controlRoute, queryErrors } from '../control.js';

const path = '/api/v1/backups';
const onePath = `${path}/:backup_id`;
const tag = 'backups';

const readNoQuery = queryReader(noQuery);
const readParams = paramsReader(schemas.backupParams);
const readNewBackup = bodyReader(schemas.newBackup);
const readPruning = bodyReader(schemas.pruning);

/** Of a store in memory, and of a disk that can't be read or written. */
const directoryErrors: readonly ErrorCode[] = ['unprocessable', 'storage_unavailable'];
const changeErrors: readonly ErrorCode[] = [...directoryErrors, 'backup_running'];
const oneErrors: readonly ErrorCode[] = [...queryErrors, 'backup_not_found'];

const shared = { tag, query: noQuery } as const;
const ofOne = { ...shared, params: schemas.backupParams } as const;

export const backupRoutes: readonly Route[] = [
  controlRoute({
    ...shared,
    method: 'POST',
    pattern: path,
    id: 'createBackup',
    summary: 'Copy the whole store, and answer when it is done',
    request: schemas.newBackup,
    status: 201,
    answer: schemas.backup,
    errors: [
      ...queryErrors,
      ...bodyErrors,
      ...changeErrors,
      'storage_full',
      'storage_damaged',
      'events_dropped',
    ],
    handle: createBackup,
  }),
  controlRoute({
    ...shared,
    method: 'GET',
    pattern: path,
    id: 'listBackups',
    summary: 'Backups of the store, newest first, and the one that is being made',
    answer: schemas.backupList,
    errors: ['invalid_query', ...directoryErrors],
    handle: listBackups,
  }),
  controlRoute({
    ...shared,
    method: 'POST',
    pattern: `${path}/prune`,
    id: 'pruneBackups',
    summary: 'Delete all backups but the newest ones',
    request: schemas.pruning,
    answer: schemas.prunedBackups,
    errors: [...queryErrors, ...bodyErrors, ...changeErrors, 'backup_damaged'],
    handle: pruneBackups,
  }),
  controlRoute({
    ...ofOne,
    method: 'POST',
    pattern: `${onePath}/verify`,
    id: 'verifyBackup',
    summary: 'Read a whole backup and compare it with its manifest',
    answer: schemas.backupReport,
    errors: [...oneErrors, ...directoryErrors, 'backup_damaged'],
    handle: verifyBackup,
  }),
  controlRoute({
    ...ofOne,
    method: 'DELETE',
    pattern: onePath,
    id: 'deleteBackup',
    summary: 'Delete a backup; files that others need stay',
    answer: schemas.deletedBackup,
    errors: [...oneErrors, ...changeErrors],
    handle: deleteBackup,
  }),
];

async function createBackup(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { type } = readNewBackup(exchange);
  // It goes on where the client leaves.
  const info = await exchange.runtime.store.backups.create({ type });
  return { ...jsonReply(backupDocument(info)), status: 201 };
}

async function listBackups(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  return jsonReply(backupListDocument(await exchange.runtime.store.backups.list()));
}

async function pruneBackups(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { keep } = readPruning(exchange);
  return jsonReply(pruneDocument(await exchange.runtime.store.backups.prune({ keep })));
}

async function verifyBackup(exchange: Exchange): Promise<Reply> {
  const id = backupIdIn(exchange);
  const { signal } = exchange;
  const report = await exchange.runtime.store.backups.verify(id, { signal });
  return jsonReply(backupReportDocument(report));
}

async function deleteBackup(exchange: Exchange): Promise<Reply> {
  const id = backupIdIn(exchange);
  await exchange.runtime.store.backups.delete(id);
  return jsonReply({ backup_id: id, deleted: true });
}

function backupIdIn(exchange: Exchange): string {
  readNoQuery(parseQueryText(exchange.queryText));
  return readParams(exchange.params).backup_id;
}
