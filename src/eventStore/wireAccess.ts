import { fieldNames, inputFormat } from '../engine/index.js';
import type { BatchInput } from './append/batchJob.js';
import { withWireEvents } from './append/conditionError.js';
import { onlyResult } from './append/inputs.js';
import { positionQuery } from './read/query.js';
import { oneEvent } from './read/reader.js';
import { readStatsDocument } from './statistics.js';
import type { StoreCore } from './storeCore.js';
import type { AppendResult, AppendTenant, BatchResult, WireAccess } from './types.js';

const lineFeed = 0x0a;
const openBrace = 0x7b;

/** The store for servers: bytes in, bytes out. */
export function wireAccess(core: StoreCore): Omit<WireAccess, 'follow' | 'state'> {
  return {
    append: (body, tenant) => appendBody(core, body, tenant),
    appendBatch: (body, { tenantId, isOnlyTenant, format, return: wanted }) =>
      appendBatch(core, {
        bytes: body,
        format: format === 'json' ? inputFormat.batch : inputFormat.ndjson,
        names: fieldNames.snake,
        tenantId,
        isOnlyTenant,
        full: wanted === 'full',
      }),
    getEvent: (eventId, tenantId) => {
      core.mustBeOpen();
      return core.reader.eventBytes(tenantId, eventId);
    },
    stats: async (tenantId) => {
      core.mustBeOpen();
      return readStatsDocument(core.native, core.prover, tenantId);
    },
  };
}

/** A body that is blank or on several lines can't be a line among others: it crosses by itself. */
async function appendBody(
  core: StoreCore,
  body: Uint8Array,
  tenant: AppendTenant,
): Promise<AppendResult> {
  core.mustBeOpen();
  const isLine = body[0] === openBrace && !body.includes(lineFeed);
  if (isLine) return core.awaited(core.appends.appendLine(body, tenant));
  const { event: format } = inputFormat;
  const input = { bytes: body, format, names: fieldNames.snake, ...tenant, full: true };
  const { results } = await core.appendInput(input);
  return onlyResult(results);
}

function appendBatch(core: StoreCore, input: BatchInput): Promise<BatchResult> {
  return core.appendInput(input).catch(async (error: unknown) => {
    throw await withWireEvents(error, async (position) => {
      const query = positionQuery(input.tenantId, position);
      const { bytes } = await core.reader.chunk(query, oneEvent, 'list');
      return bytes.length === 0 ? undefined : bytes.toString();
    });
  });
}
