import { pointSchema } from '@scriptorium/shared/history-schemas';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import {
  newVersionSchema,
  restoredSchema,
  versionLabelSchema,
  versionListQuerySchema,
  versionListSchema,
  versionSchema,
  type VersionView,
} from '@scriptorium/shared/version-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import type { DocumentVersion } from '../../ports/document-versions.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { documentPath, findDocumentHere } from '../find-document.ts';
import { findEditable } from '../find-editable.ts';
import { findPoint } from '../find-point.ts';

type VersionDeps = Pick<ApiDeps, 'catalog' | 'past' | 'versions' | 'edits' | 'records' | 'clock'>;

const common = { tags: ['History'], security: BEARER_SECURITY };
const config = { namesDocument: true };
const params = z.object({ name: documentNameSchema });
const versionParams = params.extend({ version: z.uuid() });
const problems = problemResponses(
  ...TOKEN_PROBLEMS,
  'invalid-document-name',
  'bad-request',
  'forbidden',
  'document-not-found',
  'version-not-found',
  'document-deleted',
);

/** Names for points of a document's past, and the way back to them. */
export const versionRoutes: FastifyPluginAsyncZod<VersionDeps> = async (app, deps) => {
  addListRoute(app, deps);
  addCreateRoute(app, deps);
  addReadRoute(app, deps);
  addLabelRoute(app, deps);
  addRemoveRoute(app, deps);
  addRestoreRoute(app, deps);
};

type App = Parameters<typeof versionRoutes>[0];

function addListRoute(app: App, { catalog, versions }: VersionDeps): void {
  const schema = {
    ...common,
    operationId: 'listVersions',
    summary: "List a document's versions",
    description: 'By row, the newest first.',
    params,
    querystring: versionListQuerySchema,
    response: { 200: versionListSchema, ...problems },
  };
  app.get('/documents/:name/versions', { schema, config }, async (request) => {
    const name = requireDocumentName(request.params.name);
    const record = await findDocumentHere(catalog, { caller: callerOf(request), name, action: 'read-history' });
    const { cursor = null, limit, kind } = request.query;
    const page = await versions.list(record.id, { cursor, limit, ...(kind !== undefined && { kind }) });
    return { versions: page.versions.map(toView), nextCursor: page.nextCursor };
  });
}

function addCreateRoute(app: App, { catalog, versions, clock }: VersionDeps): void {
  const schema = {
    ...common,
    operationId: 'createVersion',
    summary: 'Name a version',
    params,
    body: newVersionSchema,
    response: { 201: versionSchema, ...problems },
  };
  app.post('/documents/:name/versions', { schema, config }, async (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    // Who may read the past and write may also say what of it matters.
    const record = await findDocumentHere(catalog, { caller, name, action: 'restore' });
    const { label, at } = request.body;
    const seq = await findPoint(versions, record, at);
    const author = caller.identity.user;
    const version = await versions.add(record.id, { seq, kind: 'named', label, at: clock.now(), author });
    if (version === null) throw new ScriptoriumError('document-not-found');
    return reply
      .code(201)
      .header('location', `${documentPath(name)}/versions/${version.id}`)
      .send(toView(version));
  });
}

function addReadRoute(app: App, { catalog, versions }: VersionDeps): void {
  const schema = {
    ...common,
    operationId: 'readVersion',
    summary: 'Read a version',
    params: versionParams,
    response: { 200: versionSchema, ...problems },
  };
  app.get('/documents/:name/versions/:version', { schema, config }, async (request) => {
    const name = requireDocumentName(request.params.name);
    const record = await findDocumentHere(catalog, { caller: callerOf(request), name, action: 'read-history' });
    return toView(requireVersion(await versions.read(record.id, request.params.version)));
  });
}

function addLabelRoute(app: App, { catalog, versions }: VersionDeps): void {
  const schema = {
    ...common,
    operationId: 'labelVersion',
    summary: 'Give a version another name',
    description: 'One that was made by itself becomes a named one.',
    params: versionParams,
    body: versionLabelSchema,
    response: { 200: versionSchema, ...problems },
  };
  app.patch('/documents/:name/versions/:version', { schema, config }, async (request) => {
    const name = requireDocumentName(request.params.name);
    const record = await findDocumentHere(catalog, { caller: callerOf(request), name, action: 'restore' });
    return toView(requireVersion(await versions.relabel(record.id, request.params.version, request.body.label)));
  });
}

function addRemoveRoute(app: App, { catalog, versions }: VersionDeps): void {
  const schema = {
    ...common,
    operationId: 'removeVersion',
    summary: 'Remove a version',
    description: 'Its name only; the row stays in the history.',
    params: versionParams,
    response: { 204: z.undefined().meta({ description: 'Removed.' }), ...problems },
  };
  app.delete('/documents/:name/versions/:version', { schema, config }, async (request, reply) => {
    const name = requireDocumentName(request.params.name);
    const record = await findDocumentHere(catalog, { caller: callerOf(request), name, action: 'restore' });
    if (!(await versions.remove(record.id, request.params.version))) throw new ScriptoriumError('version-not-found');
    return reply.code(204).send();
  });
}

function addRestoreRoute(app: App, { catalog, past, versions, edits, records, clock }: VersionDeps): void {
  const schema = {
    ...common,
    operationId: 'restoreVersion',
    summary: 'Make a document what it was',
    description:
      'As an edit by the caller, so that the history goes on and open editors see it at once; what others write meanwhile ' +
      'stays.',
    params: params.extend({ version: pointSchema }),
    response: {
      200: restoredSchema,
      ...problems,
      ...problemResponses('conversion-exceeded', 'limit-exceeded', 'invalid-content'),
      ...problemResponses('document-full', 'quota-exceeded'),
      ...problemResponses('internal', 'document-quarantined'),
      ...problemResponses('storage-unavailable', 'overloaded', 'room-discarded'),
    },
  };
  app.post('/documents/:name/versions/:version/restore', { schema, config }, async (request) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const target = await findEditable(catalog, { caller, name, action: 'restore' });
    const { record } = target;
    const seq = await findPoint(versions, record, request.params.version);
    const wanted = await past.stateAt(record, seq);
    const author = caller.identity.user;
    const outcome = await edits.edit(target, {
      user: author,
      compose: ({ state, clientId }) => past.restore({ base: state, target: wanted, clientId }),
    });
    if (!outcome.changed) return { ...outcome, version: null };
    records.forget(record.tenant, name);
    const label = (await versions.read(record.id, request.params.version))?.label ?? null;
    const noted = { seq: outcome.seq, kind: 'restored', label, at: clock.now(), author } as const;
    const version = await versions.add(record.id, noted);
    return { ...outcome, version: version === null ? null : toView(version) };
  });
}

function requireVersion(version: DocumentVersion | null): DocumentVersion {
  if (version === null) throw new ScriptoriumError('version-not-found');
  return version;
}

function toView({ at, ...version }: DocumentVersion): VersionView {
  return { ...version, at: new Date(at).toISOString() };
}
