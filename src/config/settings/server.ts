import { batchBytesMax, eventBytesMax } from '../../domain/index.js';
import { byteCount, plainText, textList, wholeNumber } from '../valueTypes.js';
import { setting } from './setting.js';

export const serverSettings = {
  host: setting({
    key: 'server.host',
    env: ['ALLSOURCE_HOST'],
    flag: '--host',
    placeholder: 'address',
    type: plainText('a host name or an IP address', 255),
    default: '127.0.0.1',
    doc: 'Address to listen on; on one that other machines can reach, callers have to say who they are.',
  }),
  port: setting({
    key: 'server.port',
    env: ['ALLSOURCE_PORT', 'PORT'],
    flag: '--port',
    placeholder: 'number',
    type: wholeNumber(0, 65_535, ' (0 = any free port)'),
    default: 3900,
    doc: 'Port to listen on.',
  }),
  eventBodyBytesMax: setting({
    key: 'server.event_body_bytes_max',
    env: ['ALLSOURCE_EVENT_BODY_BYTES_MAX'],
    flag: '--event-body-bytes-max',
    placeholder: 'bytes',
    type: byteCount(1024, eventBytesMax),
    default: eventBytesMax,
    doc: 'Largest body of a request with a single event and of control requests.',
  }),
  batchBodyBytesMax: setting({
    key: 'server.batch_body_bytes_max',
    env: ['ALLSOURCE_BATCH_BODY_BYTES_MAX'],
    flag: '--batch-body-bytes-max',
    placeholder: 'bytes',
    type: byteCount(1024, batchBytesMax),
    default: batchBytesMax,
    doc: 'Largest body of a batch.',
  }),
  requestTimeoutMs: setting({
    key: 'server.request_timeout_ms',
    env: ['ALLSOURCE_REQUEST_TIMEOUT_MS'],
    flag: '--request-timeout-ms',
    placeholder: 'ms',
    type: wholeNumber(1000, 3_600_000),
    default: 30_000,
    doc: 'Time in which a request must have arrived in full; live streams are not cut.',
  }),
  trustedProxies: setting({
    key: 'server.trusted_proxies',
    env: ['ALLSOURCE_TRUSTED_PROXIES'],
    flag: '--trusted-proxies',
    placeholder: 'addresses',
    type: textList('addresses and ranges such as 10.0.0.0/8, with commas between them', 100),
    default: [],
    doc: 'Proxies whose X-Forwarded-For says where a request came from.',
  }),
  connectionsMax: setting({
    key: 'server.connections_max',
    env: ['ALLSOURCE_CONNECTIONS_MAX'],
    flag: '--connections-max',
    placeholder: 'number',
    type: wholeNumber(1, 1_000_000),
    default: 10_000,
    doc: 'Connections open at a time; further ones are closed at once.',
  }),
};
