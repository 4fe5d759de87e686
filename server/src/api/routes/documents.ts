import {
  documentListQuerySchema,
  documentListSchema,
  documentNameBodySchema,
  documentNameSchema,
  documentSchema,
} from '@scriptorium/shared/rest-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAction, requireDocumentName } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { documentPath, findDocument, findDocumentHere, toDocumentView } from '../find-document.ts';
import { listDocuments } from '../list-documents.ts';

type DocumentDeps = Pick<ApiDeps, 'catalog' | 'documents' | 'clock'>;

const paramsSchema = z.object({ name: documentNameSchema });
const common = { tags: ['Documents'], security: BEARER_SECURITY };
const config = { namesDocument: true };
const NAME_PROBLEMS = [...TOKEN_PROBLEMS, 'invalid-document-name', 'bad-request', 'forbidden'] as const;
const LOOKUP_PROBLEMS = [...NAME_PROBLEMS, 'document-not-found', 'document-deleted'] as const;
const movedSchema = z.null().meta({ description: 'The document was renamed; `Location` has its address.' });

/** Creates, lists, reads, renames and deletes documents, all without their content. */
export const documentRoutes: FastifyPluginAsyncZod<DocumentDeps> = async (app, deps) => {
  addListRoute(app, deps);
  addCreateRoute(app, deps);
  addReadRoute(app, deps);
  addRenameRoute(app, deps);
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

function addCreateRoute(app: App, { catalog, clock }: DocumentDeps): void {
  const schema = {
    ...common,
    operationId: 'createDocument',
    summary: 'Create an empty document',
    description: "A writer's first open creates a document too. A name that was deleted before starts a new epoch.",
    body: documentNameBodySchema,
    response: { 201: documentSchema, ...problemResponses(...NAME_PROBLEMS, 'document-exists', 'quota-exceeded') },
  };
  app.post('/documents', { schema, config }, async (request, reply) => {
    const caller = callerOf(request);
    const { identity } = caller;
    const name = requireDocumentName(request.body.name);
    const role = requireAction(caller, name, 'create');
    const { kind, record } = await catalog.create(identity.tenant, name, identity.user, clock.now());
    if (kind === 'exists') throw new ScriptoriumError('document-exists');
    return reply.code(201).header('location', documentPath(record.name)).send(toDocumentView(record, role));
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
    return reply.send(toDocumentView(found.record, found.role));
  });
}

function addRenameRoute(app: App, { catalog, documents, clock }: DocumentDeps): void {
  const schema = {
    ...common,
    operationId: 'renameDocument',
    summary: 'Rename a document',
    description:
      'The old name leads to the new one from then on (308 for reads). Needs the right to rename the old name and to ' +
      'create the new one. Open editors are sent away to come back under the new name.',
    params: paramsSchema,
    body: documentNameBodySchema,
    response: { 200: documentSchema, ...problemResponses(...LOOKUP_PROBLEMS, 'document-exists') },
  };
  app.patch('/documents/:name', { schema, config }, async (request) => {
    const caller = callerOf(request);
    const { identity } = caller;
    const name = requireDocumentName(request.params.name);
    const target = requireDocumentName(request.body.name);
    const record = await findDocumentHere(catalog, { caller, name, action: 'rename' });
    const role = requireAction(caller, target, 'create');
    if (target === name) return toDocumentView(record, role);
    const result = await documents.retire(record, 'renamed', async () => {
      const outcome = await catalog.rename(identity.tenant, name, target, { user: identity.user, at: clock.now() });
      // Thrown in here, so that nobody is sent away for a rename that did not happen.
      if (outcome.kind !== 'renamed')
        throw new ScriptoriumError(outcome.kind === 'exists' ? 'document-exists' : 'document-not-found');
      return { kind: 'done', result: outcome.record };
    });
    return toDocumentView(result, role);
  });
}

function addDeleteRoute(app: App, { catalog, documents, clock }: DocumentDeps): void {
  const schema = {
    ...common,
    operationId: 'deleteDocument',
    summary: 'Delete a document',
    description: 'What offline editors still hold of it cannot bring it back.',
    params: paramsSchema,
    response: { 204: z.undefined().meta({ description: 'Deleted.' }), ...problemResponses(...LOOKUP_PROBLEMS) },
  };
  app.delete('/documents/:name', { schema, config }, async (request, reply) => {
    const caller = callerOf(request);
    const { identity } = caller;
    const name = requireDocumentName(request.params.name);
    const record = await findDocumentHere(catalog, { caller, name, action: 'delete' });
    await documents.retire(record, 'deleted', async (last) => {
      const removal = await catalog.remove(identity.tenant, name, last, { user: identity.user, at: clock.now() });
      if (removal === 'absent') throw new ScriptoriumError('document-not-found');
      return removal === 'removed' ? { kind: 'done', result: null } : { kind: 'moved' };
    });
    return reply.code(204).send();
  });
}
