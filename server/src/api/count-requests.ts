import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../ports/telemetry.ts';

/** Counts requests of whoever is known by their tenants, and those that a role forbade. */
export function countRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', async ({ caller }, { statusCode }) => {
    if (caller === null) return;
    const counts = metrics.tenant(caller.identity.tenant);
    counts.add('tenant_requests_total');
    if (statusCode === 403) counts.add('tenant_requests_refused_total');
  });
}
