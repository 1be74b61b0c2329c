import { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import { roleHas, roles } from '../../src/domain/index.js';
import type { Role } from '../../src/domain/index.js';
import { accessOf, accessTable } from '../../src/server/auth/accessTable.js';
import type { Access } from '../../src/server/auth/accessTable.js';
import { createApp } from '../../src/server/index.js';
import { bodyOf, openMemoryStore, silent } from '../http/support.js';
import { type SecuredTarget, callAs, keyOf, startSecured } from './support.js';

interface Layer {
  readonly route?: {
    readonly path: string;
    readonly stack: readonly { readonly method?: string }[];
  };
}

interface Routed {
  readonly method: string;
  readonly pattern: string;
  readonly access: Access;
}

/** What the router really has, not what a list of ours says. */
async function routedNames(): Promise<readonly string[]> {
  const app = createApp(await openMemoryStore(), { logger: silent, processMetrics: false });
  // Express does not declare the layers of its router.
  const { stack } = app.router as unknown as { readonly stack: readonly Layer[] };
  return stack.flatMap(({ route }) =>
    (route?.stack ?? []).flatMap(({ method }) =>
      method === undefined ? [] : [`${method.toUpperCase()} ${route?.path ?? ''}`],
    ),
  );
}

async function allRouted(): Promise<readonly Routed[]> {
  return (await routedNames()).map((name) => {
    const [method = '', pattern = ''] = name.split(' ');
    return { method, pattern, access: accessOf(method, pattern) };
  });
}

/** A path that the pattern matches; nothing is there, but for the tenant. */
function pathOf(pattern: string, tenantId: string): string {
  const values: Record<string, string> = {
    event_id: '00000000-0000-7000-8000-000000000000',
    from_version: '1',
    ...(pattern.startsWith('/api/v1/tenants/') && { id: tenantId }),
  };
  return pattern.replace(/:([a-z_]+)/g, (_, name: string) => values[name] ?? 'nothing');
}

function statusAs(
  target: SecuredTarget,
  { method, pattern }: Pick<Routed, 'method' | 'pattern'>,
  credential: string | undefined,
  tenantId = 'acme',
): Promise<{ status: number; code: unknown; headers: Record<string, unknown> }> {
  const accept = pattern === '/api/v1/events/stream' ? 'application/json' : '*/*';
  return callAs(target, {
    method,
    path: pathOf(pattern, tenantId),
    credential,
    headers: { accept },
  }).then((answer) => ({
    status: answer.status,
    code: answer.status >= 400 ? bodyOf(answer)['code'] : undefined,
    headers: answer.headers,
  }));
}

function isAllowed(access: Access, role: Role, isOfDefault: boolean): boolean {
  if (access.kind === 'public' || access.kind === 'known') return true;
  if (access.kind === 'store' && !isOfDefault) return false;
  return roleHas(role, access.permission);
}

describe('every route', () => {
  it('has one line in the table, and no line is of no route', async () => {
    const routed = [
      ...(await routedNames()),
      'WS /api/v1/events/stream',
      'WS /api/v1/consumers/:name/events',
    ];
    expect(routed.length).toBeGreaterThan(100);
    expect([...routed].sort()).toEqual(Object.keys(accessTable).sort());
  });

  it('without a line is not served', () => {
    expect(() => accessOf('GET', '/api/v1/forgotten')).toThrow(/accessTable/);
    expect(() => accessOf('get', 'constructor')).toThrow(/accessTable/);
  });

  it('refuses who is nobody, and who shows what is not known', { timeout: 60_000 }, async () => {
    const target = await startSecured();
    const expired = await keyOf(target, { tenantId: 'acme', role: 'admin' });
    const [key] = await target.store.apiKeys.list({ tenantId: 'acme' });
    await target.store.apiKeys.delete(key?.id ?? '', { tenantId: 'acme' });
    const unknown = `ask_${'A'.repeat(43)}`;
    const credentials = [undefined, '', unknown, expired, 'nonsense', 'a.b.c', 'x'.repeat(10_000)];
    for (const route of await allRouted()) {
      if (route.access.kind === 'public') continue;
      for (const credential of credentials) {
        const { status, code, headers } = await statusAs(target, route, credential);
        expect([route.method, route.pattern, status, code]).toEqual([
          route.method,
          route.pattern,
          401,
          'unauthenticated',
        ]);
        expect(headers['www-authenticate']).toBe('Bearer');
      }
    }
  });

  it.each(roles)(
    'lets a %s do what its role may, and no more',
    { timeout: 60_000 },
    async (role) => {
      const target = await startSecured();
      const own = await keyOf(target, { tenantId: 'acme', role });
      const first = await keyOf(target, { tenantId: 'default', role });
      for (const route of await allRouted()) {
        if (route.access.kind === 'public') continue;
        for (const [credential, tenantId] of [
          [own, 'acme'],
          [first, 'default'],
        ] as const) {
          const { status, code } = await statusAs(target, route, credential, tenantId);
          const isRefused = code === 'forbidden' || code === 'unauthenticated';
          const allowed = isAllowed(route.access, role, tenantId === 'default');
          const name = `${route.method} ${route.pattern} as ${role}: ${status}`;
          expect([name, isRefused]).toEqual([name, !allowed]);
        }
      }
    },
  );

  it('takes a key of a tenant that was made inactive no more', async () => {
    const target = await startSecured();
    const credential = await keyOf(target, { tenantId: 'acme', role: 'admin' });
    await target.store.tenants.deactivate('acme');
    for (const route of await allRouted()) {
      if (route.access.kind === 'public') continue;
      const { status, code } = await statusAs(target, route, credential);
      expect([status, code]).toEqual([403, 'tenant_inactive']);
    }
  });
});

describe('every WebSocket', () => {
  const paths = ['/api/v1/events/stream', '/api/v1/consumers/tasks/events'];

  /** The status that a handshake was refused with, or `open`. */
  function handshake({ port }: SecuredTarget, path: string, credential?: string): Promise<unknown> {
    const url = `ws://127.0.0.1:${port}${path}`;
    const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` };
    const socket = new WebSocket(url, { headers });
    return new Promise((resolve) => {
      socket.on('open', () => {
        socket.terminate();
        resolve('open');
      });
      socket.on('unexpected-response', (request, response) => {
        request.destroy();
        resolve(response.statusCode);
      });
      socket.on('error', () => undefined);
    });
  }

  it.each(paths)('on %s asks who is there, and whether they may', async (path) => {
    const target = await startSecured();
    const permission = path.includes('consumers') ? 'write' : 'read';
    await target.store.tenants.create({ id: 'acme' });
    await target.store.consumers.create({ name: 'tasks', tenantId: 'acme' });
    expect(await handshake(target, path)).toBe(401);
    expect(await handshake(target, path, `ask_${'A'.repeat(43)}`)).toBe(401);
    expect(await handshake(target, `${path}?access_token=nonsense`)).toBe(401);
    for (const role of roles) {
      const credential = await keyOf(target, { tenantId: 'acme', role });
      const expected = roleHas(role, permission) ? 'open' : 403;
      expect(await handshake(target, path, credential)).toBe(expected);
      expect(await handshake(target, `${path}?access_token=${credential}`)).toBe(expected);
      expect(await handshake(target, `${path}?tenant_id=default`, credential)).toBe(403);
    }
  });
});
