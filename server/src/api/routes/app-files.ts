import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify';

const YEAR_SECONDS = 365 * 24 * 60 * 60;

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Scriptorium</title>
<body style="font: 1rem/1.5 system-ui; max-width: 40rem; margin: 15vh auto; padding: 0 1rem">
<h1>Scriptorium is running</h1>
<p>The browser editor is not built here. <code>npm start</code> builds it and serves it at this address.</p>
<p>The API is described at <a href="/docs">/docs</a>; editors of your own connect to <code>/collab</code>.</p>
`;

/** Serves the built browser app at `/` and at every address of its own, or a page that says it is not built. */
export const appFileRoutes: FastifyPluginAsync<{ readonly directory: string | null }> = async (app, { directory }) => {
  if (directory === null) {
    app.get('/', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(NOT_BUILT),
    );
    return;
  }
  await registerFiles(app, directory);
  // The app reads the rest of the address itself.
  for (const url of ['/', '/d/*']) app.get(url, { schema: { hide: true } }, (_request, reply) => sendShell(reply));
};

async function registerFiles(app: FastifyInstance, root: string): Promise<void> {
  await app.register(fastifyStatic, {
    root,
    index: false,
    cacheControl: false,
    preCompressed: true,
    schemaHide: true,
    setHeaders: (reply, path) => {
      // The bundler puts a hash of the content into the names under assets/, so these never change.
      const hashed = path.includes('/assets/') || path.includes('\\assets\\');
      reply.header('cache-control', hashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache');
    },
  });
}

function sendShell(reply: FastifyReply): FastifyReply {
  return reply.sendFile('index.html');
}
