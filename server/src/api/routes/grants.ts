import {
  grantBodySchema,
  grantKeyQuerySchema,
  grantListQuerySchema,
  grantListSchema,
  grantSchema,
} from '@scriptorium/shared/access-schemas';
import { parseGrantResource } from '@scriptorium/shared/grant-resource';
import { SUBJECT_ID_PATTERN } from '@scriptorium/shared/grant-subject';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import type { StoredGrant } from '../../ports/grant-store.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAbility } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import {
  requireFuture,
  requireGrant,
  requireHolder,
  requirePattern,
  requireSubject,
  toGrantView,
} from '../grant-views.ts';

type GrantDeps = Pick<ApiDeps, 'grants' | 'noteAccessChange' | 'clock'>;

const common = { tags: ['Access'], security: BEARER_SECURITY };
const PROBLEMS = [...TOKEN_PROBLEMS, 'bad-request', 'forbidden'] as const;

/** Grants on prefixes and on the whole tenant (`*`), and the end of all access of a user. */
export const grantRoutes: FastifyPluginAsyncZod<GrantDeps> = async (app, deps) => {
  addListRoute(app, deps);
  addSetRoute(app, deps);
  addRevokeRoute(app, deps);
  addUserRoute(app, deps);
};

type App = Parameters<typeof grantRoutes>[0];

function addListRoute(app: App, deps: GrantDeps): void {
  const schema = {
    ...common,
    operationId: 'listGrants',
    summary: 'List grants',
    description:
      'All of the tenant, for who may manage it; narrowed to a resource, for who may share that; narrowed to oneself, for everybody.',
    querystring: grantListQuerySchema,
    response: { 200: grantListSchema, ...problemResponses(...PROBLEMS) },
  };
  app.get('/grants', { schema }, async (request) => {
    const caller = callerOf(request);
    const { tenant, user } = caller.identity;
    const { resource: text, subject: who, cursor = null, limit } = request.query;
    const resource = text === undefined ? null : parseGrantResource(text);
    if (resource !== null) requireGrant(caller, resource, 'none');
    else if (who !== `user:${user}`) requireAbility(caller, 'manage-tenant');
    const subject = who === undefined ? null : requireSubject(who);
    const page = await deps.grants.list({ tenant, resource, subject, cursor, limit });
    return { grants: page.grants.map(toGrantView), nextCursor: page.nextCursor };
  });
}

function addSetRoute(app: App, deps: GrantDeps): void {
  const schema = {
    ...common,
    operationId: 'setGrant',
    summary: 'Give somebody a role on a prefix or the whole tenant',
    description: 'Needs `share` on everything that it covers, and as much as is given on all of it.',
    body: grantBodySchema,
    response: { 200: grantSchema, ...problemResponses(...PROBLEMS) },
  };
  app.put('/grants', { schema }, async (request) => {
    const caller = callerOf(request);
    const { role, expiresAt } = request.body;
    const subject = requireHolder(request.body.subject);
    const resource = requirePattern(request.body.resource);
    requireGrant(caller, resource, role);
    const now = deps.clock.now();
    const { tenant, user } = caller.identity;
    const grant: StoredGrant = {
      subject,
      resource,
      role,
      expiresAt: requireFuture(expiresAt, now),
      createdAt: now,
      createdBy: user,
    };
    await deps.noteAccessChange(await deps.grants.set(tenant, grant));
    return toGrantView(grant);
  });
}

function addRevokeRoute(app: App, deps: GrantDeps): void {
  const schema = {
    ...common,
    operationId: 'revokeGrant',
    summary: 'Take back a role on a prefix or the whole tenant',
    querystring: grantKeyQuerySchema,
    response: {
      204: z.undefined().meta({ description: 'Taken back.' }),
      ...problemResponses(...PROBLEMS, 'not-found'),
    },
  };
  app.delete('/grants', { schema }, async (request, reply) => {
    const caller = callerOf(request);
    const resource = requirePattern(request.query.resource);
    requireGrant(caller, resource, 'none');
    const { tenant, user } = caller.identity;
    const subject = requireSubject(request.query.subject);
    const revision = await deps.grants.revoke(tenant, subject, resource, { user, at: deps.clock.now() });
    if (revision === null) throw new ScriptoriumError('not-found', 'there is no such grant');
    await deps.noteAccessChange(revision);
    return reply.code(204).send();
  });
}

function addUserRoute(app: App, deps: GrantDeps): void {
  const schema = {
    ...common,
    operationId: 'revokeUser',
    summary: 'Take everything away from a user',
    description:
      'Ends what was granted to the user and voids every token issued up to now (by `iat`; one without it is void for ' +
      'good). Open sessions end within a second.',
    params: z.object({ user: z.string().regex(SUBJECT_ID_PATTERN, 'is not a user') }),
    response: {
      204: z.undefined().meta({ description: 'Taken away.' }),
      ...problemResponses(...PROBLEMS, 'not-found'),
    },
  };
  app.delete('/users/:user/access', { schema }, async (request, reply) => {
    const caller = callerOf(request);
    requireAbility(caller, 'manage-tenant');
    const { user } = request.params;
    const act = { user: caller.identity.user, at: deps.clock.now() };
    await deps.noteAccessChange(await deps.grants.revokeUser(caller.identity.tenant, user, act));
    return reply.code(204).send();
  });
}
