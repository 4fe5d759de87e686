import { randomUUID } from 'node:crypto';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import {
  newVersionSchema,
  versionLabelSchema,
  versionListQuerySchema,
  versionListSchema,
  versionSchema,
} from '@scriptorium/shared/version-schemas';
import { writeHeadersSchema } from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { readPrecondition } from '../../core/precondition.ts';
import type { DocumentVersion } from '../../ports/document-versions.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName } from '../authenticate.ts';
import { findUnchanged } from '../change-record.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { documentPath, findDocumentHere } from '../find-document.ts';
import { findPoint } from '../find-point.ts';
import { runOnce } from '../run-once.ts';
import { toVersionView } from '../version-view.ts';
import { WRITE_PROBLEMS } from '../write-answers.ts';

type VersionDeps = Pick<ApiDeps, 'catalog' | 'versions' | 'requests' | 'clock' | 'telemetry'>;

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
const writeProblems = problemResponses(...WRITE_PROBLEMS, 'version-not-found');

/** Names for points of a document's past. */
export const versionRoutes: FastifyPluginAsyncZod<VersionDeps> = async (app, deps) => {
  addListRoute(app, deps);
  addCreateRoute(app, deps);
  addReadRoute(app, deps);
  addLabelRoute(app, deps);
  addRemoveRoute(app, deps);
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
    return { versions: page.versions.map(toVersionView), nextCursor: page.nextCursor };
  });
}

/** What an attempt to name a version was about to store. */
interface NotedVersion {
  readonly id: string;
  readonly seq: number;
}

function addCreateRoute(app: App, deps: VersionDeps): void {
  const { catalog, versions } = deps;
  const schema = {
    ...common,
    operationId: 'createVersion',
    summary: 'Name a version',
    params,
    headers: writeHeadersSchema,
    body: newVersionSchema,
    response: { 201: versionSchema, ...writeProblems },
  };
  app.post('/documents/:name/versions', { schema, config }, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const precondition = readPrecondition(request.headers);
    const { label, at } = request.body;
    return runOnce(deps, { request, reply }, async (attempt) => {
      // What this very request noted before.
      const earlier = (attempt.earlier?.result ?? null) as NotedVersion | null;
      // Who may read the past and write may also say what of it matters.
      const wanted = { caller, name, action: 'restore' } as const;
      const record =
        earlier === null
          ? await findUnchanged(deps, { ...wanted, precondition }, 'restore')
          : await findDocumentHere(catalog, wanted);
      const noted = earlier ?? { id: randomUUID(), seq: await findPoint(versions, record, at) };
      if (earlier === null) await attempt.intend({ documentId: record.id, update: null, result: noted });
      const act = { user: caller.identity.user, at: attempt.begunAt };
      const version = await versions.add(record.id, { ...noted, label }, act);
      if (version === null) throw new ScriptoriumError('document-not-found');
      const headers = { location: `${documentPath(name)}/versions/${version.id}` };
      return { status: 201, headers, body: toVersionView(version) };
    });
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
    return toVersionView(requireVersion(await versions.read(record.id, request.params.version)));
  });
}

function addLabelRoute(app: App, deps: VersionDeps): void {
  const schema = {
    ...common,
    operationId: 'labelVersion',
    summary: 'Give a version another name',
    description: 'One that was made by itself becomes a named one.',
    params: versionParams,
    headers: writeHeadersSchema,
    body: versionLabelSchema,
    response: { 200: versionSchema, ...writeProblems },
  };
  app.patch('/documents/:name/versions/:version', { schema, config }, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const precondition = readPrecondition(request.headers);
    return runOnce(deps, { request, reply }, async ({ begunAt: at }) => {
      const record = await findUnchanged(deps, { caller, name, precondition }, 'restore');
      const change = { label: request.body.label, act: { user: caller.identity.user, at } };
      const version = await deps.versions.relabel(record.id, request.params.version, change);
      return { status: 200, body: toVersionView(requireVersion(version)) };
    });
  });
}

function addRemoveRoute(app: App, deps: VersionDeps): void {
  const schema = {
    ...common,
    operationId: 'removeVersion',
    summary: 'Remove a version',
    description: 'Its name only; the row stays in the history.',
    params: versionParams,
    headers: writeHeadersSchema,
    response: { 204: z.undefined().meta({ description: 'Removed.' }), ...writeProblems },
  };
  app.delete('/documents/:name/versions/:version', { schema, config }, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const precondition = readPrecondition(request.headers);
    return runOnce(deps, { request, reply }, async ({ begunAt: at, isResumed }) => {
      const record = await findUnchanged(deps, { caller, name, precondition }, 'restore');
      const act = { user: caller.identity.user, at };
      const isRemoved = await deps.versions.remove(record.id, request.params.version, act);
      // The attempt before this one may have come as far as that.
      if (!isRemoved && !isResumed) throw new ScriptoriumError('version-not-found');
      return { status: 204 };
    });
  });
}

function requireVersion(version: DocumentVersion | null): DocumentVersion {
  if (version === null) throw new ScriptoriumError('version-not-found');
  return version;
}
