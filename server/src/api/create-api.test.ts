import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PROBLEM_MEDIA_TYPE, problemSchema } from '@scriptorium/shared/problem';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../../test/support/temporary-directory.ts';

let world: ApiWorld;

beforeAll(async () => {
  world = await createApiWorld();
});

afterAll(() => world.close());

describe('[REST17] every error is problem details with a code of the table', () => {
  const json = { 'content-type': 'application/json' };
  test.each([
    ['an unknown address', { method: 'GET', url: '/nothing' }, 404, 'not-found'],
    ['an unknown address under /v1', { method: 'GET', url: '/v1/nothing' }, 404, 'not-found'],
    ['a wrong method', { method: 'DELETE', url: '/v1/session' }, 405, 'method-not-allowed'],
    ['a wrong method on a document', { method: 'POST', url: '/v1/documents/a' }, 405, 'method-not-allowed'],
    ['a bad address', { method: 'GET', url: '/v1/documents/%ZZ' }, 400, 'bad-request'],
    ['bad JSON', { method: 'POST', url: '/v1/documents', headers: json, payload: '{"name":' }, 400, 'bad-request'],
    ['no body', { method: 'POST', url: '/v1/documents', headers: json }, 400, 'bad-request'],
    [
      'a poisoned body',
      { method: 'POST', url: '/v1/documents', headers: json, payload: '{"__proto__":{},"name":"a"}' },
      400,
      'bad-request',
    ],
    [
      'another media type',
      { method: 'POST', url: '/v1/documents', headers: { 'content-type': 'text/plain' }, payload: 'a' },
      415,
      'unsupported-media-type',
    ],
    [
      'too large a body',
      { method: 'POST', url: '/v1/documents', payload: { name: 'x'.repeat(20_000) } },
      413,
      'payload-too-large',
    ],
    [
      'an unknown field',
      { method: 'POST', url: '/v1/documents', payload: { name: 'a', owner: 'eve' } },
      400,
      'bad-request',
    ],
    ['too long a parameter', { method: 'GET', url: `/v1/documents/${'x'.repeat(2000)}` }, 400, 'invalid-document-name'],
  ] as const)('%s', async (...row) => {
    const [, request, status, code] = row;
    const response = await world.send({ role: 'owner' }, request);
    expect(response.headers['content-type']).toBe(PROBLEM_MEDIA_TYPE);
    expect(problemSchema.parse(response.json())).toMatchObject({
      status,
      code,
      type: `urn:scriptorium:problem:${code}`,
    });
    expect(response.statusCode).toBe(status);
    expect(response.headers['x-content-type-options']).toBe('nosniff');
  });

  test('a wrong method is told the right ones', async () => {
    const response = await world.app.inject({ method: 'PUT', url: '/v1/documents/a%2Fb?x=1' });
    expect(response.headers.allow).toBe('DELETE, GET, HEAD, PATCH');
  });

  test('a field that breaks its schema is named', async () => {
    const response = await world.send({ role: 'owner' }, { method: 'GET', url: '/v1/documents?limit=500' });
    expect(response.json()).toMatchObject({
      errors: [{ field: '/limit', message: 'Too big: expected number to be <=100' }],
    });
  });
});

test('[REST18] tokens in addresses never reach the log', async () => {
  await world.app.inject('/v1/documents?token=swordfish');
  await world.app.inject('/y/a?token=swordfish');
  expect(world.logLines.length).toBeGreaterThan(0);
  expect(world.logLines.join('')).not.toContain('swordfish');
});

describe('[OPS14] health', () => {
  test('a running node is alive, started and ready', async () => {
    for (const url of ['/livez', '/startupz', '/readyz']) {
      const response = await world.app.inject(url);
      expect([response.statusCode, response.json(), response.headers['cache-control']]).toEqual([
        200,
        { status: 'ok' },
        'no-store',
      ]);
    }
  });

  test('a node that cannot serve says why, and is alive all the same', async () => {
    world.setReadiness({ kind: 'unavailable', reason: 'draining' });
    const ready = await world.app.inject('/readyz');
    expect([ready.statusCode, ready.json()]).toEqual([503, { status: 'unavailable', reason: 'draining' }]);
    expect((await world.app.inject('/livez')).statusCode).toBe(200);
    world.setReadiness({ kind: 'ready' });
  });

  test('a node that starts is not started', async () => {
    const other = await createApiWorld({
      health: { started: () => false, readiness: () => Promise.resolve({ kind: 'unavailable', reason: 'starting' }) },
    });
    expect((await other.app.inject('/startupz')).statusCode).toBe(503);
    await other.close();
  });

  test('metrics are Prometheus text', async () => {
    const response = await world.app.inject('/metrics');
    expect(response.headers['content-type']).toContain('text/plain');
    expect(response.body).toContain('scriptorium_connections 0');
  });
});

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<
    string,
    Record<
      string,
      { operationId?: string; security?: unknown; responses: Record<string, { content?: Record<string, unknown> }> }
    >
  >;
  readonly components: { readonly schemas: Record<string, unknown>; readonly securitySchemes: Record<string, unknown> };
}

describe('[REST19] the API describes itself', () => {
  test('as OpenAPI 3.1, without a dangling reference or a schema that nobody uses', async () => {
    const response = await world.app.inject('/openapi.json');
    const document = response.json<OpenApi>();
    expect(document.openapi).toBe('3.1.0');
    const references = [...response.body.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]);
    expect(new Set(references)).toEqual(new Set(Object.keys(document.components.schemas)));
  });

  test('every operation has a name of its own, and problems where it can fail', async () => {
    const { paths } = (await world.app.inject('/openapi.json')).json<OpenApi>();
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    );
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(operations.length);
    expect(names).not.toContain(undefined);
    for (const { path, security, responses } of operations.filter((operation) => operation.path.startsWith('/v1/'))) {
      expect([path, Object.keys(responses['500']?.content ?? {})]).toEqual([path, [PROBLEM_MEDIA_TYPE]]);
      expect([path, security !== undefined]).toEqual([path, responses['401'] !== undefined]);
    }
  });

  test('the page that shows it loads from this server alone, under a policy that holds it to that', async () => {
    const page = await world.app.inject('/docs');
    expect(page.headers['content-security-policy']).toContain("default-src 'self'; script-src 'self';");
    const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) {
      const script = await world.app.inject({ url: source, headers: { 'accept-encoding': 'gzip' } });
      expect([source, script.statusCode, script.headers['content-type']]).toEqual([
        source,
        200,
        'text/javascript; charset=utf-8',
      ]);
    }
    expect(page.body).not.toMatch(/<script>|onload=/);
  });
});

describe('the browser app', () => {
  let directory: TemporaryDirectory;
  let built: ApiWorld;
  let app: ApiWorld['app'];

  beforeAll(async () => {
    directory = createTemporaryDirectory('app');
    mkdirSync(join(directory.path, 'assets'));
    writeFileSync(join(directory.path, 'index.html'), '<!doctype html><title>Editor</title>');
    writeFileSync(join(directory.path, 'assets', 'app-1a2b3c.js'), 'export {};');
    writeFileSync(join(directory.path, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    built = await createApiWorld({ appDirectory: directory.path });
    app = built.app;
  });

  afterAll(async () => {
    await built.close();
    directory.remove();
  });

  test.each(['/', '/d/notes', '/d/notes%2Ftoday', '/d/notes/today?x=1'])(
    '[OPS15] %s is the app, always fresh',
    async (url) => {
      const response = await app.inject(url);
      expect([response.statusCode, response.headers['cache-control']]).toEqual([200, 'no-cache']);
      expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(response.body).toContain('<title>Editor</title>');
    },
  );

  test('[OPS15] a page runs no inline script and is shown in no frame', async () => {
    const policy = String((await app.inject('/')).headers['content-security-policy']);
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  });

  test('[OPS15] asked for again and unchanged, the page keeps the policy it came with', async () => {
    const { etag } = (await app.inject('/')).headers;
    const again = await app.inject({ url: '/', headers: { 'if-none-match': etag ?? '' } });
    expect(again.statusCode).toBe(304);
    expect(again.headers['content-security-policy']).toBeUndefined();
  });

  test('[OPS16] files with a hash in their name are kept for ever, others are asked for again', async () => {
    const asset = await app.inject('/assets/app-1a2b3c.js');
    expect([asset.statusCode, asset.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    const icon = await app.inject('/icon.svg');
    expect([icon.statusCode, icon.headers['cache-control']]).toEqual([200, 'no-cache']);
  });

  test.each(['/assets/gone.js', '/../package.json', '/%2e%2e/package.json', '/assets/..%2f..%2fpackage.json', '/.env'])(
    '[OPS16] %s is not there',
    async (url) => {
      const response = await app.inject(url);
      expect([403, 404]).toContain(response.statusCode);
      expect(response.headers['content-type']).toBe(PROBLEM_MEDIA_TYPE);
    },
  );

  const reader = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  test.each(['/nothing', '/nothing/at/all?x=1', '/d', '/assets/gone.js', '/documents'])(
    '[APP19] somebody who reads gets the app at %s, which says that nothing is there',
    async (url) => {
      const response = await app.inject({ url, headers: reader });
      expect([response.statusCode, response.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
      expect(response.body).toContain('<title>Editor</title>');
      expect(response.headers['content-security-policy']).toContain("script-src 'self';");
      expect([response.headers['cache-control'], response.headers.vary]).toEqual(['no-store', 'Accept']);
      const again = await app.inject({ url, headers: { ...reader, 'if-none-match': '*' } });
      expect(again.statusCode).toBe(404);
      const program = await app.inject(url);
      expect([program.statusCode, program.headers['content-type']]).toEqual([404, PROBLEM_MEDIA_TYPE]);
    },
  );

  test('[APP19] the API speaks to everybody as to a program, and a wrong method is one', async () => {
    for (const [method, url, status] of [
      ['GET', '/v1/nothing', 404],
      ['GET', '/v1', 404],
      ['POST', '/nothing', 404],
      ['DELETE', '/livez', 405],
    ] as const) {
      const response = await app.inject({ method, url, headers: reader });
      expect([response.statusCode, response.headers['content-type']]).toEqual([status, PROBLEM_MEDIA_TYPE]);
    }
  });

  test('[OPS15] an app that is not built is said to be so', async () => {
    const response = await world.app.inject('/');
    expect(response.statusCode).toBe(200);
    expect(response.body).toContain('not built');
    expect((await world.app.inject('/d/notes')).statusCode).toBe(404);
  });
});

describe('[OPS17] a client that dribbles is cut', () => {
  const closing: ApiWorld[] = [];
  afterEach(async () => {
    for (const each of closing.splice(0)) await each.close();
  });

  test('headers that take longer than five seconds end the connection', { timeout: 60_000 }, async () => {
    const other = await createApiWorld();
    closing.push(other);
    await other.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = other.app.server.address() as AddressInfo;
    const started = performance.now();
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: '));
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toContain('408');
    // Left to itself, Node looks every thirty seconds for what is late by a minute.
    expect(performance.now() - started).toBeLessThan(25_000);
  });
});
