import type { AuditRow } from '@scriptorium/shared/audit-chain';
import { auditListSchema, auditQuerySchema, type AuditEntryView } from '@scriptorium/shared/audit-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps } from '../api-deps.ts';
import { createToldAudit } from '../../access/told-audit.ts';
import { callerOf, requireAbility } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';

type AuditDeps = Pick<ApiDeps, 'audit' | 'erasedPeople'>;

const schema = {
  tags: ['Access'],
  security: BEARER_SECURITY,
  operationId: 'listAudit',
  summary: 'Who did what to which document',
  description:
    'Newest first; needs `read-audit`. Changes are here as soon as they are made, opens, refusals and exports about a ' +
    'second later. What was pruned is in the exported objects alone. Whoever was erased is shown under the pseudonym; ' +
    'the hash is that of the row as it is stored.',
  querystring: auditQuerySchema,
  response: { 200: auditListSchema, ...problemResponses(...TOKEN_PROBLEMS, 'bad-request', 'forbidden') },
};

/** `GET /v1/audit`. */
export const auditRoutes: FastifyPluginAsyncZod<AuditDeps> = async (app, { audit, erasedPeople: people }) => {
  const told = createToldAudit({ audit, people });
  app.get('/audit', { schema }, async (request) => {
    const caller = callerOf(request);
    requireAbility(caller, 'read-audit');
    const { document = null, actor = null, cursor = null, limit } = request.query;
    const page = await told.list({ tenant: caller.identity.tenant, document, actor, cursor, limit });
    return { entries: page.rows.map(toView), nextCursor: page.nextCursor };
  });
};

function toView({ seq, at, actor, action, document, subject, detail, hash }: AuditRow): AuditEntryView {
  const parsed = JSON.parse(detail) as AuditEntryView['detail'];
  return { seq, at: new Date(at).toISOString(), actor, action, document, subject, detail: parsed, hash };
}
