import {
  documentListQuerySchema,
  documentListSchema,
  documentNameSchema,
  documentSchema,
} from '@scriptorium/shared/rest-schemas';
import {
  createDocumentBodySchema,
  patchDocumentBodySchema,
  writeHeadersSchema,
} from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { readPrecondition } from '../../core/precondition.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAction, requireDocumentName } from '../authenticate.ts';
import { describeDocument, findUnchanged, renameDocument, requireState } from '../change-record.ts';
import { createDocument, isOwnCreation, type CreateDeps } from '../create-document.ts';
import { readBeginning, readDescription } from '../read-beginning.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { documentPath, findDocument, toDocumentView } from '../find-document.ts';
import { listDocuments } from '../list-documents.ts';
import { runOnce } from '../run-once.ts';
import { CONTENT_PROBLEMS, recordHeaders, requireAbsent, WRITE_PROBLEMS } from '../write-answers.ts';

type DocumentDeps = CreateDeps & Pick<ApiDeps, 'requests' | 'records' | 'clock' | 'telemetry'>;

const paramsSchema = z.object({ name: documentNameSchema });
const common = { tags: ['Documents'], security: BEARER_SECURITY };
const config = { namesDocument: true };
const NAME_PROBLEMS = [...TOKEN_PROBLEMS, 'invalid-document-name', 'bad-request', 'forbidden'] as const;
const CREATE_PROBLEMS = [
  ...WRITE_PROBLEMS,
  ...CONTENT_PROBLEMS,
  'document-exists',
  'malformed-update',
  'incomplete-update',
  'not-found',
] as const;
const LOOKUP_PROBLEMS = [...NAME_PROBLEMS, 'document-not-found', 'document-deleted'] as const;
const movedSchema = z.null().meta({ description: 'The document was renamed; `Location` has its address.' });

/** Creates, lists, reads, changes and deletes documents; what they hold is read and changed elsewhere. */
export const documentRoutes: FastifyPluginAsyncZod<DocumentDeps> = async (app, deps) => {
  addListRoute(app, deps);
  addCreateRoute(app, deps);
  addReadRoute(app, deps);
  addPatchRoute(app, deps);
  addDeleteRoute(app, deps);
};

type App = Parameters<typeof documentRoutes>[0];

function addListRoute(app: App, { catalog }: DocumentDeps): void {
  const schema = {
    ...common,
    operationId: 'listDocuments',
    summary: 'List documents',
    description: 'Documents that the caller may read, ordered by name.',
    querystring: documentListQuerySchema,
    response: { 200: documentListSchema, ...problemResponses(...TOKEN_PROBLEMS, 'bad-request') },
  };
  app.get('/documents', { schema }, (request) => {
    const { prefix, cursor, limit } = request.query;
    return listDocuments(catalog, { caller: callerOf(request), prefix, cursor: cursor ?? null, limit });
  });
}

function addCreateRoute(app: App, deps: DocumentDeps): void {
  const schema = {
    ...common,
    operationId: 'createDocument',
    summary: 'Create a document',
    description:
      'Empty, with a first content, or as a copy of another document (a template, say) as it is or was; it is there with ' +
      "all of it or not at all. A writer's first open creates a document too. A name that was deleted before starts a new epoch.",
    headers: writeHeadersSchema,
    body: createDocumentBodySchema,
    response: { 201: documentSchema, ...problemResponses(...CREATE_PROBLEMS) },
  };
  app.post('/documents', { schema, config }, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.body.name);
    const precondition = readPrecondition(request.headers);
    return runOnce(deps, { request, reply }, async (attempt) => {
      const role = requireAction(caller, name, 'create');
      requireAbsent(precondition);
      const { kind, record } = await createDocument(deps, {
        caller,
        name,
        at: attempt.begunAt,
        beginning: readBeginning(request.body),
        description: readDescription(request.body),
      });
      deps.records.forget(record.tenant, name);
      if (kind === 'exists' && !isOwnCreation(record, caller, attempt)) throw new ScriptoriumError('document-exists');
      const headers = { ...recordHeaders(record), location: documentPath(name) };
      return { status: 201, headers, body: toDocumentView(record, role) };
    });
  });
}

function addReadRoute(app: App, { catalog }: DocumentDeps): void {
  const schema = {
    ...common,
    operationId: 'readDocument',
    summary: "Read a document's record",
    params: paramsSchema,
    response: { 200: documentSchema, 308: movedSchema, ...problemResponses(...LOOKUP_PROBLEMS) },
  };
  app.get('/documents/:name', { schema, config }, async (request, reply) => {
    const name = requireDocumentName(request.params.name);
    const found = await findDocument(catalog, { caller: callerOf(request), name, action: 'read' });
    if (found.kind === 'moved') return reply.redirect(documentPath(found.name), 308);
    reply.headers(recordHeaders(found.record));
    return reply.send(toDocumentView(found.record, found.role));
  });
}

function addPatchRoute(app: App, deps: DocumentDeps): void {
  const schema = {
    ...common,
    operationId: 'changeDocument',
    summary: 'Rename a document, or change its title and metadata',
    description:
      'With a new name the old one leads to it from then on (308 for reads). That needs the right to rename the old name ' +
      'and to create the new one; open editors are sent away to come back under the new name. Title and metadata need the right to write.',
    params: paramsSchema,
    headers: writeHeadersSchema,
    body: patchDocumentBodySchema,
    response: { 200: documentSchema, ...problemResponses(...WRITE_PROBLEMS, 'document-exists') },
  };
  app.patch('/documents/:name', { schema, config }, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const precondition = readPrecondition(request.headers);
    const { name: target, ...description } = request.body;
    return runOnce(deps, { request, reply }, async ({ isResumed }) => {
      const wanted = { caller, name, precondition, isResumed };
      const renamed = target === undefined ? null : await renameDocument(deps, wanted, requireDocumentName(target));
      const isDescribed = description.title !== undefined || description.metadata !== undefined;
      const current = renamed ?? (await findUnchanged(deps, wanted, 'write'));
      const record = isDescribed ? await describeDocument(deps, { caller, current, description }) : current;
      const role = requireAction(caller, record.name, 'read');
      return { status: 200, headers: recordHeaders(record), body: toDocumentView(record, role) };
    });
  });
}

function addDeleteRoute(app: App, deps: DocumentDeps): void {
  const { catalog, documents, clock, records } = deps;
  const schema = {
    ...common,
    operationId: 'deleteDocument',
    summary: 'Delete a document',
    description: 'What offline editors still hold of it cannot bring it back.',
    params: paramsSchema,
    headers: writeHeadersSchema,
    response: { 204: z.undefined().meta({ description: 'Deleted.' }), ...problemResponses(...WRITE_PROBLEMS) },
  };
  app.delete('/documents/:name', { schema, config }, (request, reply) => {
    const caller = callerOf(request);
    const { tenant, user } = caller.identity;
    const name = requireDocumentName(request.params.name);
    const precondition = readPrecondition(request.headers);
    return runOnce(deps, { request, reply }, async ({ isResumed }) => {
      // The attempt before this one came as far as that.
      if (isResumed && (await catalog.resolve(tenant, name)).kind === 'deleted') return { status: 204 };
      const record = await findUnchanged(deps, { caller, name, precondition }, 'delete');
      await documents.retire(record, 'deleted', async (last) => {
        // What other nodes have added since counts, and the store compares once more.
        requireState(precondition, { ...record, epoch: last.epoch, head: last.seq });
        const removal = await catalog.remove(tenant, name, last, { user, at: clock.now() });
        if (removal === 'absent') throw new ScriptoriumError('document-not-found');
        return removal === 'removed' ? { kind: 'done', result: null } : { kind: 'moved' };
      });
      records.forget(tenant, name);
      return { status: 204 };
    });
  });
}
