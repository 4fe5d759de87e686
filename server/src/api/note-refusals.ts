import type { FastifyInstance } from 'fastify';
import type { ApiDeps } from './api-deps.ts';

/** Takes note of whoever was known and not allowed, on whatever route. */
export function noteRefusals(app: FastifyInstance, { journal, clock }: Pick<ApiDeps, 'journal' | 'clock'>): void {
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode !== 403 || request.caller === null) return;
    const { identity } = request.caller;
    const { name } = request.params as { readonly name?: string };
    const detail = { code: 'forbidden', request: `${request.method} ${request.routeOptions.url ?? ''}` };
    const document = name === undefined ? {} : { document: name };
    journal.note(identity.tenant, {
      user: identity.user,
      at: clock.now(),
      action: 'document.refuse',
      ...document,
      detail,
    });
  });
}
