import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server that pipelines look things up at; answers `{"path": …}` unless it is told otherwise. */
export class LookupServer {
  readonly paths: string[] = [];
  answer: (response: ServerResponse, path: string) => void = (response, path) => {
    response.end(JSON.stringify({ path }));
  };
  #server: Server | undefined;
  #port = 0;

  static async listen(): Promise<LookupServer> {
    const server = new LookupServer();
    await server.up();
    onTestFinished(() => server.down());
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async up(): Promise<void> {
    const server = createServer((request, response) => {
      const { url: path = '' } = request;
      this.paths.push(path);
      this.answer(response, path);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}
