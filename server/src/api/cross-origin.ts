import type { FastifyInstance } from 'fastify';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS =
  'authorization, content-type, accept, if-match, if-none-match, idempotency-key, cache-control, last-event-id';
const ANSWER_HEADERS =
  'etag, location, link, retry-after, ratelimit, ratelimit-policy, document-quarantined, content-disposition, ' +
  'idempotency-replayed';
const REMEMBERED_SECONDS = '600';

/**
 * Lets pages of the allowed origins read answers, as the Fetch standard's CORS protocol asks for it. Cookies play no
 * part: tokens travel in headers, which a page must have been given.
 */
export function allowOrigins(app: FastifyInstance, allowed: readonly string[]): void {
  if (allowed.length === 0) return;
  const isAllowed = (origin: string): boolean => allowed.includes('*') || allowed.includes(origin);
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined || !isAllowed(origin)) return;
    reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': ANSWER_HEADERS });
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return;
    reply.headers({
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': REQUEST_HEADERS,
      'access-control-max-age': REMEMBERED_SECONDS,
    });
    await reply.code(204).send();
  });
  app.addHook('onSend', async (_request, reply) => {
    // The same address is answered in another way to another origin, and caches must know it.
    const vary = String(reply.getHeader('vary') ?? '');
    if (!/\borigin\b/i.test(vary)) reply.header('vary', vary === '' ? 'Origin' : `${vary}, Origin`);
  });
}
