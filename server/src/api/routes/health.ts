import { healthSchema } from '@scriptorium/shared/rest-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps } from '../api-deps.ts';
import { isFromInside } from '../from-inside.ts';

type HealthDeps = Pick<ApiDeps, 'health'>;

const response = { 200: healthSchema, 503: healthSchema };
const tags = ['Operations'];

/** What an orchestrator asks. */
export const healthRoutes: FastifyPluginAsyncZod<HealthDeps> = async (app, { health }) => {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  const live = {
    tags,
    operationId: 'livez',
    summary: 'Whether the process answers at all',
    response: { 200: healthSchema },
  };
  app.get('/livez', { schema: live }, async () => ({ status: 'ok' as const }));

  const started = { tags, operationId: 'startupz', summary: 'Whether start-up is over', response };
  app.get('/startupz', { schema: started }, async (_request, reply) => {
    if (health.started()) return { status: 'ok' as const };
    return reply.code(503).send({ status: 'unavailable' as const, reason: 'starting' });
  });

  const ready = { tags, operationId: 'readyz', summary: 'Whether new work may be sent here', response };
  app.get('/readyz', { schema: ready }, async (_request, reply) => {
    const readiness = await health.readiness();
    if (readiness.kind === 'ready') return { status: 'ok' as const };
    return reply.code(503).send({ status: 'unavailable' as const, reason: readiness.reason });
  });
};

/** What Prometheus reads. */
export const metricsRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'metricsPage'>> = async (app, { metricsPage }) => {
  app.get('/metrics', { schema: { hide: true } }, async ({ headers, socket, raw }, reply) => {
    const { remoteAddress } = socket;
    // Who the tenants are is nobody's business outside.
    const tenants = isFromInside({ headers, remoteAddress, httpVersion: raw.httpVersion });
    const { contentType, body } = await metricsPage({ tenants });
    return reply.header('cache-control', 'no-store').type(contentType).send(body);
  });
};
