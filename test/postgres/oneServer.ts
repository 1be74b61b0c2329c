import type { TestProject } from 'vitest/node';
import { PostgresServer } from './server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the socket. */
    readonly postgresHost: string;
  }
}

/** One server for all files; each test takes a schema of its own. */
export default function oneServer(project: TestProject): () => void {
  const server = new PostgresServer();
  project.provide('postgresHost', server.folder);
  return () => server.remove();
}
