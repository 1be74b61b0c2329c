import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/server/index.js';
import { appendCases, batchCases, otherCases, queryCases } from './cases.js';
import { bodyOf, call, openMemoryStore, silent, startListening } from './support.js';

interface Layer {
  readonly route?: {
    readonly path: string;
    readonly stack: readonly { readonly method?: string }[];
  };
}

interface Content {
  readonly content?: Record<string, { readonly schema: { readonly $ref?: string } }>;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Content> }>>;
  readonly components: { readonly schemas: Record<string, object> };
}

async function readDocument(): Promise<OpenApi> {
  const target = await startListening();
  const answer = await call(target, { path: '/openapi.json' });
  return bodyOf(answer) as unknown as OpenApi;
}

describe('/openapi.json', () => {
  it('has every route of the router, and no other', async () => {
    const app = createApp(await openMemoryStore(), { logger: silent, processMetrics: false });
    // Express does not declare the layers of its router.
    const { stack } = app.router as unknown as { readonly stack: readonly Layer[] };
    const routed = stack.flatMap(({ route }) =>
      (route?.stack ?? [])
        .filter(({ method }) => method !== undefined)
        .map(({ method }) => `${method} ${route?.path.replace(/:([a-z_]+)/g, '{$1}')}`),
    );
    const { paths } = await readDocument();
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routed.length).toBeGreaterThan(10);
    expect(described.sort()).toEqual(routed.sort());
  });

  it('is what the answers look like', async () => {
    const document = await readDocument();
    expect(document.openapi).toBe('3.1.0');
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'api', ...document });
    const target = await startListening();
    let checked = 0;
    for (const sent of [...appendCases, ...batchCases, ...queryCases, ...otherCases]) {
      const answer = await call(target, sent);
      if (answer.text === '' || answer.headers['content-type'] !== 'application/json') continue;
      const name = sent.code === undefined ? schemaOf(document, sent) : 'Problem';
      if (name === undefined) continue;
      const isValid = ajv.validate(`api#/components/schemas/${name}`, bodyOf(answer));
      expect(isValid, `${sent.name}: ${ajv.errorsText()}`).toBe(true);
      checked += 1;
    }
    expect(checked).toBeGreaterThan(100);
  });
});

/** The name of the schema of a 200 answer in JSON. */
function schemaOf(
  { paths }: OpenApi,
  { path, body }: { readonly path: string; readonly body?: unknown },
): string | undefined {
  const plain = path.split('?', 1)[0]?.split('#', 1)[0] ?? '';
  const pattern = Object.keys(paths)
    .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
    .find((known) => new RegExp(`^${known.replace(/\{[a-z_]+\}/g, '[^/]+')}$`).test(plain));
  const operation = paths[pattern ?? '']?.[body === undefined ? 'get' : 'post'];
  const reference = operation?.responses['200']?.content?.['application/json']?.schema.$ref;
  return reference?.slice('#/components/schemas/'.length);
}
