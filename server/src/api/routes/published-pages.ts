import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { matchesEtag } from '../../core/etag.ts';
import type { PublishedPage } from '../../ports/publications.ts';
import type { ApiDeps } from '../api-deps.ts';
import { problemResponses } from '../describe-route.ts';
import { PUBLISHED_POLICY, unpackPage } from '../published-page.ts';

type PageDeps = Pick<ApiDeps, 'publications'>;

/** An edition never changes; the newest one may be another a minute from now. */
const CACHE = {
  edition: 'public, max-age=31536000, immutable',
  newest: 'public, max-age=60, stale-while-revalidate=600, stale-if-error=86400',
} as const;

const common = {
  tags: ['Publications'],
  headers: z.object({ 'if-none-match': z.string().optional(), 'accept-encoding': z.string().optional() }),
  response: {
    200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
    304: z.undefined().meta({ description: 'Nothing changed.' }),
    ...problemResponses('bad-request', 'not-found', 'publication-ended', 'internal', 'storage-unavailable'),
  },
};
const idSchema = z.string().regex(/^[\w-]{22}$/, 'is not an address of a publication');

/** Published pages, for anybody. */
export const publishedPageRoutes: FastifyPluginAsyncZod<PageDeps> = async (app, { publications }) => {
  const newest = {
    ...common,
    operationId: 'readPublishedPage',
    summary: 'The newest edition of a published document',
    params: z.object({ id: idSchema }),
  };
  app.get('/p/:id', { schema: newest }, async (request, reply) =>
    sendPage(request, reply, { page: await publications.readPage(request.params.id, null), cache: CACHE.newest }),
  );
  const one = {
    ...common,
    operationId: 'readPublishedEdition',
    summary: 'One edition of a published document, which never changes',
    params: z.object({ id: idSchema, edition: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
  };
  app.get('/p/:id/:edition', { schema: one }, async (request, reply) =>
    sendPage(request, reply, {
      page: await publications.readPage(request.params.id, request.params.edition),
      cache: CACHE.edition,
    }),
  );
};

async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { page, cache }: { readonly page: PublishedPage; readonly cache: string },
): Promise<FastifyReply> {
  if (page.kind === 'absent') throw new ScriptoriumError('not-found');
  if (page.kind === 'ended') throw new ScriptoriumError('publication-ended');
  const takesZstd = /(?:^|,)\s*zstd\s*(?:,|;(?!\s*q=0(?:\.0*)?\s*(?:,|$))|$)/.test(
    request.headers['accept-encoding'] ?? '',
  );
  // A strong tag names bytes, and packed ones are others.
  const etag = `"${page.sha256.slice(0, 32)}${takesZstd ? '-zstd' : ''}"`;
  reply.headers({
    'cache-control': cache,
    etag,
    vary: 'Accept-Encoding',
    'last-modified': new Date(page.at).toUTCString(),
  });
  if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  reply.header('content-security-policy', PUBLISHED_POLICY).type('text/html; charset=utf-8');
  if (takesZstd) reply.header('content-encoding', 'zstd');
  const body = takesZstd ? Buffer.from(page.content) : await unpackPage(page.content);
  return reply.serializer((payload) => payload as string).send(body);
}
