import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import fastify, { type FastifyPluginAsync } from 'fastify';

const gzipAsync = promisify(gzip);

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Scriptorium API</title>
<div id="reference"></div>
<script src="/docs/reference.js"></script>
<script src="/docs/start.js"></script>
`;

/** A file of its own, since the content security policy allows no inline script. All that would ask another host is off. */
const START = `Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  authentication: { preferredSecurityScheme: 'bearer' },
  agent: { disabled: true },
  mcp: { disabled: true },
});
`;

interface Script {
  readonly plain: string;
  readonly zipped: Buffer;
}

/** The OpenAPI document and the page that shows it; both are made when first asked for. */
export const openApiRoutes: FastifyPluginAsync<{ readonly describe: () => Promise<object> }> = async (
  app,
  { describe },
) => {
  let document: Promise<object> | null = null;
  let script: Promise<Script> | null = null;
  const hidden = { schema: { hide: true } };

  app.get('/openapi.json', hidden, async (_request, reply) => {
    document ??= describe();
    return reply.header('cache-control', 'no-cache').send(await document);
  });
  for (const url of ['/docs', '/docs/']) {
    app.get(url, hidden, async (_request, reply) => reply.type('text/html; charset=utf-8').send(PAGE));
  }
  app.get('/docs/start.js', hidden, async (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(START),
  );
  app.get('/docs/reference.js', hidden, async (request, reply) => {
    script ??= loadReferenceScript();
    const { plain, zipped } = await script;
    reply
      .type('text/javascript; charset=utf-8')
      .headers({ 'cache-control': 'public, max-age=86400', vary: 'Accept-Encoding' });
    const zips = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    return zips ? reply.header('content-encoding', 'gzip').send(zipped) : reply.send(plain);
  });
};

/**
 * The plugin carries the page's script as one text of some megabytes and hands it out by a route only. It is taken
 * from a throw-away instance, so that a server whose documentation nobody reads does not keep it in memory.
 */
async function loadReferenceScript(): Promise<Script> {
  const { default: apiReference } = await import('@scalar/fastify-api-reference');
  const carrier = fastify();
  await carrier.register(apiReference, { routePrefix: '/docs', configuration: { url: '/openapi.json' } });
  const response = await carrier.inject({ url: '/docs/js/scalar.js' });
  await carrier.close();
  return { plain: response.body, zipped: await gzipAsync(response.body) };
}
