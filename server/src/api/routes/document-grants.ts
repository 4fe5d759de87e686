import {
  documentGrantBodySchema,
  grantListSchema,
  grantSchema,
  linkBodySchema,
  linkSchema,
  pageQuerySchema,
  subjectSchema,
} from '@scriptorium/shared/access-schemas';
import type { DocumentName } from '@scriptorium/shared/document-name';
import type { GrantResource } from '@scriptorium/shared/grant-resource';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import type { Role } from '@scriptorium/shared/roles';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { mintSecret } from '../../access/secret-text.ts';
import { ScriptoriumError } from '../../core/errors.ts';
import type { StoredGrant } from '../../ports/grant-store.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName, type Caller } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { documentPath } from '../find-document.ts';
import { requireFuture, requireGrant, requireHolder, requireSubject, toGrantView } from '../grant-views.ts';

type GrantDeps = Pick<ApiDeps, 'catalog' | 'grants' | 'noteAccessChange' | 'clock'>;

const params = z.object({ name: documentNameSchema });
const subjectParams = z.object({ name: documentNameSchema, subject: subjectSchema });
const common = { tags: ['Access'], security: BEARER_SECURITY };
const config = { namesDocument: true };
const PROBLEMS = [
  ...TOKEN_PROBLEMS,
  'bad-request',
  'invalid-document-name',
  'forbidden',
  'document-not-found',
  'document-deleted',
] as const;

/** Who was given what on one document. All of it needs `share`, and nobody gives more than they hold. */
export const documentGrantRoutes: FastifyPluginAsyncZod<GrantDeps> = async (app, deps) => {
  addListRoute(app, deps);
  addSetRoute(app, deps);
  addRevokeRoute(app, deps);
  addLinkRoute(app, deps);
};

type App = Parameters<typeof documentGrantRoutes>[0];

interface Shared {
  readonly caller: Caller;
  /** The document as it is called now: its grants go along with it. */
  readonly resource: GrantResource;
}

/** Checks that the caller may give the role before the document is looked up, so that the answer tells nothing of it. */
async function findShared(
  { catalog }: GrantDeps,
  caller: Caller,
  { text, role }: { readonly text: string; readonly role: Role },
): Promise<Shared> {
  const name: DocumentName = requireDocumentName(text);
  requireGrant(caller, name, role);
  const resolution = await catalog.resolve(caller.identity.tenant, name);
  if (resolution.kind === 'deleted') throw new ScriptoriumError('document-deleted');
  if (resolution.kind !== 'found') throw new ScriptoriumError('document-not-found');
  return { caller, resource: name as string as GrantResource };
}

function addListRoute(app: App, deps: GrantDeps): void {
  const schema = {
    ...common,
    operationId: 'listDocumentGrants',
    summary: 'Who was given what on a document',
    description: 'What tokens say, and grants on prefixes, are not listed.',
    params,
    querystring: pageQuerySchema,
    response: { 200: grantListSchema, ...problemResponses(...PROBLEMS) },
  };
  app.get('/documents/:name/grants', { schema, config }, async (request) => {
    const { caller, resource } = await findShared(deps, callerOf(request), { text: request.params.name, role: 'none' });
    const { cursor = null, limit } = request.query;
    const page = await deps.grants.list({ tenant: caller.identity.tenant, resource, subject: null, cursor, limit });
    return { grants: page.grants.map(toGrantView), nextCursor: page.nextCursor };
  });
}

function addSetRoute(app: App, deps: GrantDeps): void {
  const schema = {
    ...common,
    operationId: 'setDocumentGrant',
    summary: 'Give somebody a role on a document',
    description: 'In the place of what they had. Whoever has the document open is subject to it within a second.',
    params: subjectParams,
    body: documentGrantBodySchema,
    response: { 200: grantSchema, ...problemResponses(...PROBLEMS) },
  };
  app.put('/documents/:name/grants/:subject', { schema, config }, async (request) => {
    const { role, expiresAt } = request.body;
    const subject = requireHolder(request.params.subject);
    const { caller, resource } = await findShared(deps, callerOf(request), { text: request.params.name, role });
    const now = deps.clock.now();
    const grant: StoredGrant = {
      subject,
      resource,
      role,
      expiresAt: requireFuture(expiresAt, now),
      createdAt: now,
      createdBy: caller.identity.user,
    };
    await deps.noteAccessChange(await deps.grants.set(caller.identity.tenant, grant));
    return toGrantView(grant);
  });
}

function addRevokeRoute(app: App, deps: GrantDeps): void {
  const schema = {
    ...common,
    operationId: 'revokeDocumentGrant',
    summary: 'Take back a role on a document, or a link to it',
    params: subjectParams,
    response: {
      204: z.undefined().meta({ description: 'Taken back.' }),
      ...problemResponses(...PROBLEMS, 'not-found'),
    },
  };
  app.delete('/documents/:name/grants/:subject', { schema, config }, async (request, reply) => {
    const subject = requireSubject(request.params.subject);
    const { caller, resource } = await findShared(deps, callerOf(request), { text: request.params.name, role: 'none' });
    const revision = await deps.grants.revoke(caller.identity.tenant, subject, resource, {
      user: caller.identity.user,
      at: deps.clock.now(),
    });
    if (revision === null) throw new ScriptoriumError('not-found', 'there is no such grant');
    await deps.noteAccessChange(revision);
    return reply.code(204).send();
  });
}

function addLinkRoute(app: App, deps: GrantDeps): void {
  const schema = {
    ...common,
    operationId: 'createLink',
    summary: 'Make a link that opens a document',
    description: 'Whoever has the secret has the role. It is kept as a hash, and cannot be shown again.',
    params,
    body: linkBodySchema,
    response: { 201: linkSchema, ...problemResponses(...PROBLEMS) },
  };
  app.post('/documents/:name/links', { schema, config }, async (request, reply) => {
    const { role, expiresAt } = request.body;
    const { caller, resource } = await findShared(deps, callerOf(request), { text: request.params.name, role });
    const now = deps.clock.now();
    const { id, text, hash } = mintSecret('link');
    const grant: StoredGrant = {
      subject: { kind: 'link', id },
      resource,
      role,
      expiresAt: requireFuture(expiresAt, now),
      createdAt: now,
      createdBy: caller.identity.user,
    };
    await deps.noteAccessChange(await deps.grants.addLink(caller.identity.tenant, grant, hash));
    const location = `${documentPath(requireDocumentName(request.params.name))}/grants/${encodeURIComponent(`link:${id}`)}`;
    return reply
      .code(201)
      .header('location', location)
      .send({ grant: toGrantView(grant), secret: text });
  });
}
