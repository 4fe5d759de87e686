import { erasureListSchema, erasureSchema } from '@scriptorium/shared/erasure-schemas';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { eraseNamed } from '../../workers/erase-named.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAbility, requireAction, requireDocumentName } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { toErasureView } from '../erasure-view.ts';

type ErasureDeps = Pick<ApiDeps, 'catalog' | 'documents' | 'records' | 'erasures' | 'eraser' | 'clock'>;

const common = { tags: ['Erasure'], security: BEARER_SECURITY };
const PROBLEMS = [...TOKEN_PROBLEMS, 'bad-request', 'forbidden'] as const;

/** Erasure of documents for good, and the proof of it. */
export const erasureRoutes: FastifyPluginAsyncZod<ErasureDeps> = async (app, deps) => {
  addEraseRoute(app, deps);
  addListRoute(app, deps);
  addReadRoute(app, deps);
};

type App = Parameters<typeof erasureRoutes>[0];

function addEraseRoute(app: App, deps: ErasureDeps): void {
  const schema = {
    ...common,
    operationId: 'eraseDocument',
    summary: 'Delete a document for good',
    description:
      'Removes rows, snapshots, history, events and objects of the document, and of deleted ones that had its name, at ' +
      'once. What stays is a tombstone, so that offline editors cannot bring it back, and a record as proof. Needs the ' +
      'right to delete it and `manage-tenant`.',
    params: z.object({ name: documentNameSchema }),
    response: {
      200: erasureSchema,
      ...problemResponses(...PROBLEMS, 'invalid-document-name', 'document-not-found'),
    },
  };
  app.post('/documents/:name/erasure', { schema, config: { namesDocument: true } }, async (request) => {
    const caller = callerOf(request);
    const { tenant, user } = caller.identity;
    const name = requireDocumentName(request.params.name);
    requireAction(caller, name, 'delete');
    requireAbility(caller, 'manage-tenant');
    // Also where only the deletion came to its end, and the rest follows later.
    const forget = (): void => deps.records.forget(tenant, name);
    const record = await eraseNamed(deps, { tenant, name, by: user }).finally(forget);
    if (record === null) throw new ScriptoriumError('document-not-found');
    return toErasureView(record);
  });
}

function addListRoute(app: App, { erasures }: ErasureDeps): void {
  const schema = {
    ...common,
    operationId: 'listErasures',
    summary: 'List the records of erasures',
    description: 'The newest hundred.',
    response: { 200: erasureListSchema, ...problemResponses(...PROBLEMS) },
  };
  app.get('/erasures', { schema }, async (request) => {
    const caller = callerOf(request);
    requireAbility(caller, 'manage-tenant');
    return { erasures: (await erasures.list(caller.identity.tenant)).map(toErasureView) };
  });
}

function addReadRoute(app: App, { erasures }: ErasureDeps): void {
  const schema = {
    ...common,
    operationId: 'readErasure',
    summary: 'Read the record of an erasure',
    params: z.object({ id: z.string().regex(/^er_[0-9a-f]{16}$/, 'is not the id of an erasure') }),
    response: { 200: erasureSchema, ...problemResponses(...PROBLEMS, 'not-found') },
  };
  app.get('/erasures/:id', { schema }, async (request) => {
    const caller = callerOf(request);
    requireAbility(caller, 'manage-tenant');
    const record = await erasures.read(caller.identity.tenant, request.params.id);
    if (record === null) throw new ScriptoriumError('not-found', 'there is no such erasure');
    return toErasureView(record);
  });
}
