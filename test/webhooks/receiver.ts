import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** A server that takes webhooks, and answers as it is told. */
export class Receiver {
  readonly requests: Received[] = [];
  /** Status of the next answer, or where to redirect to. */
  answer: (request: Received) => number | { status: number; location: string } | 'silence' = () =>
    204;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(host = '127.0.0.1'): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url: path = '', headers } = request;
        const body = Buffer.concat(chunks).toString('utf8');
        const received = { path, headers, body, at: performance.now() };
        receiver.requests.push(received);
        const answer = receiver.answer(received);
        if (answer === 'silence') return;
        if (typeof answer === 'number') response.writeHead(answer).end('ok');
        else response.writeHead(answer.status, { location: answer.location }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return receiver;
  }

  /** Its address, by another name for the host where one is given. */
  url(host = '127.0.0.1'): string {
    return `http://${host}:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  get positions(): number[] {
    return this.requests.map(({ body }) => (JSON.parse(body) as { position: number }).position);
  }
}
