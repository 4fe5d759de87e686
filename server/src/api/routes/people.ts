import { personExportSchema } from '@scriptorium/shared/erasure-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAbility } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { toGrantView, toTime } from '../grant-views.ts';
import { type PersonErasureDeps, personErasureRoutes } from './person-erasure.ts';

type PeopleDeps = Pick<ApiDeps, 'people'> & PersonErasureDeps;

const USER_MAX_LENGTH = 255;

const toIso = (at: number): string => new Date(at).toISOString();

/** What is kept about a person, for whoever has to tell them, and its end. */
export const peopleRoutes: FastifyPluginAsyncZod<PeopleDeps> = async (app, deps) => {
  addExportRoute(app, deps);
  await app.register(personErasureRoutes, deps);
};

function addExportRoute(app: Parameters<typeof peopleRoutes>[0], { people }: PeopleDeps): void {
  const schema = {
    tags: ['Erasure'],
    security: BEARER_SECURITY,
    operationId: 'exportPerson',
    summary: 'Export what is kept about a person',
    description:
      'Documents that they made or wrote in, grants, keys, webhooks, versions and publications, and the newest thousand ' +
      'events and rows of the audit log that bear their id. ' +
      'What they wrote is in the content and history of these documents. Needs `manage-tenant`, or is about oneself.',
    params: z.object({ user: z.string().min(1).max(USER_MAX_LENGTH) }),
    response: {
      200: personExportSchema,
      ...problemResponses(...TOKEN_PROBLEMS, 'bad-request', 'forbidden', 'not-found'),
    },
  };
  app.get('/users/:user/export', { schema }, async (request) => {
    const caller = callerOf(request);
    const { user } = request.params;
    if (user !== caller.identity.user) requireAbility(caller, 'manage-tenant');
    const records = await people.read(caller.identity.tenant, user);
    const dated = <T extends { readonly createdAt: number }>(entry: T) => ({
      ...entry,
      createdAt: toIso(entry.createdAt),
    });
    return {
      user,
      documents: records.documents.map((it) => ({ ...it, deletedAt: toTime(it.deletedAt) })),
      grants: records.grants.map(toGrantView),
      apiKeys: records.apiKeys.map(dated),
      webhooks: records.webhooks.map(dated),
      versions: records.versions.map(({ name, ...it }) => ({ document: name, ...dated(it) })),
      publications: records.publications.map(({ name, id, at }) => ({ document: name, id, publishedAt: toIso(at) })),
      events: records.events.map(({ name, type, at }) => ({ document: name, type, at: toIso(at) })),
      audit: records.audit.map((it) => ({ ...it, at: toIso(it.at) })),
    };
  });
}
