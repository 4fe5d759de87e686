import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import {
  publicationListQuerySchema,
  publicationListSchema,
  publicationSchema,
  publishBodySchema,
  type PublicationView,
} from '@scriptorium/shared/version-schemas';
import { writeHeadersSchema } from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { decide } from '../../core/permissions.ts';
import { readPrecondition } from '../../core/precondition.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { Act } from '../../ports/audit-log.ts';
import type { Publication } from '../../ports/publications.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName } from '../authenticate.ts';
import { findUnchanged } from '../change-record.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { findDocumentHere } from '../find-document.ts';
import { findPoint } from '../find-point.ts';
import { packPage, renderPublishedPage, titleOf } from '../published-page.ts';
import { runOnce } from '../run-once.ts';
import { WRITE_PROBLEMS } from '../write-answers.ts';

type PublicationDeps = Pick<ApiDeps, 'catalog' | 'past' | 'versions' | 'publications' | 'conversions'> &
  Pick<ApiDeps, 'requests' | 'clock' | 'telemetry'>;

/** Editions whose pages are kept. */
const EDITIONS = 20;
/** Bytes of a packed page, which lies in the database. */
const PAGE_BYTES = 16 * 1024 * 1024;

const common = { tags: ['Publications'], security: BEARER_SECURITY };
const config = { namesDocument: true };
const params = z.object({ name: documentNameSchema });
const problems = problemResponses(
  ...TOKEN_PROBLEMS,
  'invalid-document-name',
  'bad-request',
  'forbidden',
  'document-not-found',
  'not-found',
  'version-not-found',
  'document-deleted',
);

/** What of a tenant's documents anybody may read. */
export const publicationRoutes: FastifyPluginAsyncZod<PublicationDeps> = async (app, deps) => {
  addPublishRoute(app, deps);
  addReadRoute(app, deps);
  addWithdrawRoute(app, deps);
  addListRoute(app, deps);
};

type App = Parameters<typeof publicationRoutes>[0];

function addPublishRoute(app: App, deps: PublicationDeps): void {
  const { versions, publications } = deps;
  const schema = {
    ...common,
    operationId: 'publishDocument',
    summary: 'Publish a document',
    description:
      'As a page that anybody may read without a token, as the document is now or was at a point of its past. Later edits ' +
      'change nothing of it. Publishing again makes another edition at the same address.',
    params,
    headers: writeHeadersSchema,
    body: publishBodySchema,
    response: {
      200: publicationSchema,
      ...problemResponses(...WRITE_PROBLEMS, 'version-not-found', 'conversion-exceeded', 'limit-exceeded'),
      ...problemResponses('internal', 'document-quarantined'),
    },
  };
  app.put('/documents/:name/publication', { schema, config }, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const precondition = readPrecondition(request.headers);
    return runOnce(deps, { request, reply }, async ({ begunAt: at, isResumed }) => {
      const act = { user: caller.identity.user, at };
      const wanted = { caller, name, action: 'publish' } as const;
      if (isResumed) {
        const own = await findOwn(deps, await findDocumentHere(deps.catalog, wanted), act);
        if (own !== null) return { status: 200, body: toView(own) };
      }
      const record = await findUnchanged(deps, { ...wanted, precondition }, 'publish');
      const seq = await findPoint(versions, record, request.body.at);
      const page = await makePage(deps, record, { seq, title: request.body.title });
      const publication = await publications.publish({ ...page, documentId: record.id, seq, act }, EDITIONS);
      if (publication === null) throw new ScriptoriumError('document-not-found');
      return { status: 200, body: toView(publication) };
    });
  });
}

/** What an attempt before this one published. */
async function findOwn(
  { publications }: PublicationDeps,
  record: DocumentRecord,
  act: Act,
): Promise<Publication | null> {
  const publication = await publications.read(record.id);
  return publication?.at === act.at && publication.author === act.user ? publication : null;
}

async function makePage(
  { past, conversions }: PublicationDeps,
  record: DocumentRecord,
  { seq, title }: { readonly seq: number; readonly title: string | undefined },
) {
  const state = await past.stateAt(record, seq);
  const read = async (format: 'html' | 'text'): Promise<string> =>
    new TextDecoder().decode(await conversions.render(state, format));
  const heading = title ?? titleOf(await read('text'));
  const packed = await packPage(renderPublishedPage({ title: heading, body: await read('html') }));
  if (packed.content.byteLength > PAGE_BYTES) throw new ScriptoriumError('payload-too-large');
  return packed;
}

function addReadRoute(app: App, { catalog, publications }: PublicationDeps): void {
  const schema = {
    ...common,
    operationId: 'readPublication',
    summary: 'Read what is published of a document',
    params,
    response: { 200: publicationSchema, ...problems },
  };
  app.get('/documents/:name/publication', { schema, config }, async (request) => {
    const name = requireDocumentName(request.params.name);
    const record = await findDocumentHere(catalog, { caller: callerOf(request), name, action: 'read' });
    const publication = await publications.read(record.id);
    if (publication === null) throw new ScriptoriumError('not-found', 'the document is not published');
    return toView(publication);
  });
}

function addWithdrawRoute(app: App, deps: PublicationDeps): void {
  const schema = {
    ...common,
    operationId: 'withdrawPublication',
    summary: 'Publish a document no longer',
    description: 'All its editions end at once here; caches that were told to keep them may show them for longer.',
    params,
    headers: writeHeadersSchema,
    response: {
      204: z.undefined().meta({ description: 'Withdrawn.' }),
      ...problemResponses(...WRITE_PROBLEMS, 'not-found'),
    },
  };
  app.delete('/documents/:name/publication', { schema, config }, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const precondition = readPrecondition(request.headers);
    return runOnce(deps, { request, reply }, async ({ begunAt: at, isResumed }) => {
      const record = await findUnchanged(deps, { caller, name, precondition }, 'publish');
      const isWithdrawn = await deps.publications.withdraw(record.id, { user: caller.identity.user, at });
      // The attempt before this one may have come as far as that.
      if (!isWithdrawn && !isResumed) throw new ScriptoriumError('not-found', 'the document is not published');
      return { status: 204 };
    });
  });
}

function addListRoute(app: App, { publications }: PublicationDeps): void {
  const schema = {
    ...common,
    operationId: 'listPublications',
    summary: 'List what is published',
    description: 'Of documents that the caller may read, by name.',
    querystring: publicationListQuerySchema,
    response: { 200: publicationListSchema, ...problemResponses(...TOKEN_PROBLEMS, 'bad-request') },
  };
  app.get('/publications', { schema }, async (request) => {
    const { identity, rights } = callerOf(request);
    const { cursor = null, limit } = request.query;
    const page = await publications.list(identity.tenant, { cursor, limit });
    const readable = page.publications.filter(({ name }) => decide(rights, name, 'read').kind === 'allowed');
    return { publications: readable.map(toView), nextCursor: page.nextCursor };
  });
}

function toView({ id, name, seq, edition, at, author }: Publication): PublicationView {
  const path = `/p/${id}`;
  const publishedAt = new Date(at).toISOString();
  return { name, seq, edition, publishedAt, publishedBy: author, path, editionPath: `${path}/${edition}` };
}
