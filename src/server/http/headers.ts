import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/**
 * Headers of every answer, names and values in turn. They never change, so helmet runs once over a
 * response that is never sent, and the hot routes copy an array.
 */
export const commonHeaders: readonly string[] = buildCommonHeaders();

function buildCommonHeaders(): string[] {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const applyHelmet = helmet({
    // Answers are data: nothing in them may be loaded, run or framed by a browser.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
  });
  applyHelmet(response.req, response, () => undefined);
  response.setHeader('cache-control', 'no-store');
  return Object.entries(response.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
}
