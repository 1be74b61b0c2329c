import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { makeLines, run, start } from './commandLine.js';

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  if (server?.listening) await new Promise((resolve) => server?.close(resolve));
});

/** A server that is not allsource, or one that dies in the middle of an answer. */
async function answerWith(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return `http://127.0.0.1:${address.port}`;
}

describe('a server that misbehaves', () => {
  it('is not taken for allsource when it answers something else', async () => {
    const url = await answerWith((_, response) => response.writeHead(404).end('<html>'));
    const { code, stderr } = await run(['stats', '--url', url]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `allsource: ${url} answered 404 without an error that allsource knows; is that an ` +
        'allsource server?\n',
    );
  });

  it('is not taken for allsource when it answers 200 with something else', async () => {
    const url = await answerWith((_, response) => response.end('<html>'));
    const { code, stderr } = await run(['stats', '--url', url]);
    expect(code).toBe(1);
    expect(stderr).toContain('is that an allsource server?');
  });

  it('passes on the sentence of an error that this version does not know', async () => {
    const body = '{"error":"too many requests this minute","code":"brand_new","request_id":"1"}';
    const url = await answerWith((_, response) => response.writeHead(429).end(body));
    const { code, stderr } = await run(['stats', '--url', url]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'allsource: too many requests this minute (brand_new)\n',
    });
  });

  it('may cut an answer: query says so', async () => {
    const url = await answerWith((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"position":1}\n', () => response.destroy());
    });
    const { code, stderr } = await run(['query', '--json', '--url', url]);
    expect(code).toBe(1);
    expect(stderr).toContain('the connection ended in the middle of the answer');
  });

  it('may die with a batch: ingest says that its lines may or may not be stored', async () => {
    let batches = 0;
    const url = await answerWith((request, response) => {
      batches += 1;
      const isFirst = batches === 1;
      request.resume().on('end', () => {
        if (isFirst) response.end('{"ingested":10,"first_position":1,"last_position":10}');
        else response.destroy();
      });
    });
    const args = ['ingest', '-', '--batch-lines', '10', '--url', url];
    const { code, stderr } = await run(args, { input: makeLines(30).join('\n') });
    expect(code).toBe(1);
    expect(stderr).toContain('10 events were acknowledged, up to line 10');
    expect(stderr).toContain('lines 11-20 may or may not be stored');
    expect(stderr).toContain('--skip-lines 10');
  });
});

describe('ingest --json', () => {
  it('ends with 1 and without a word when nobody reads its output', async () => {
    const url = await answerWith((request, response) => {
      request.resume().on('end', () => {
        response.end('{"ingested":1,"first_position":1,"last_position":1}');
      });
    });
    const child = start(['ingest', '-', '--json', '--batch-lines', '1', '--url', url]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined).end(makeLines(2000).join('\n'));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child, 'close');
    expect({ code: child.exitCode, stderr }).toEqual({ code: 1, stderr: '' });
  });
});
