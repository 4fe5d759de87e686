import {
  deliveryListSchema,
  deliveryQuerySchema,
  replayBodySchema,
  replayedSchema,
} from '@scriptorium/shared/webhook-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf } from '../authenticate.ts';
import { problemResponses } from '../describe-route.ts';
import { toDeliveryView } from '../webhook-views.ts';
import { requireWebhook, requireWebhookManager, WEBHOOK_PROBLEMS, webhookCommon, webhookParams } from './webhooks.ts';

type DeliveryDeps = Pick<ApiDeps, 'webhooks' | 'deliveries' | 'clock'>;

/** The log of what was sent to a webhook, and sending it again. */
export const webhookDeliveryRoutes: FastifyPluginAsyncZod<DeliveryDeps> = async (app, deps) => {
  addListRoute(app, deps);
  addReplayRoute(app, deps);
};

type App = Parameters<typeof webhookDeliveryRoutes>[0];

function addListRoute(app: App, { webhooks, deliveries }: DeliveryDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'listDeliveries',
    summary: "List a webhook's deliveries",
    description: 'Newest first: what was delivered, what waits, and what was given up (`dead`).',
    params: webhookParams,
    querystring: deliveryQuerySchema,
    response: { 200: deliveryListSchema, ...problemResponses(...WEBHOOK_PROBLEMS, 'not-found') },
  };
  app.get('/webhooks/:id/deliveries', { schema }, async (request) => {
    const { identity } = requireWebhookManager(callerOf(request));
    const { id } = requireWebhook(await webhooks.read(identity.tenant, request.params.id));
    const { state = null, cursor = null, limit } = request.query;
    const page = await deliveries.listDeliveries(id, { state, cursor, limit });
    return { deliveries: page.deliveries.map(toDeliveryView), nextCursor: page.nextCursor };
  });
}

function addReplayRoute(app: App, { webhooks, deliveries, clock }: DeliveryDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'replayDeliveries',
    summary: 'Send events again',
    description: 'In their old order and under their old identities, as far back as events are kept.',
    params: webhookParams,
    body: replayBodySchema,
    response: { 202: replayedSchema, ...problemResponses(...WEBHOOK_PROBLEMS, 'not-found') },
  };
  app.post('/webhooks/:id/replay', { schema }, async (request, reply) => {
    const { tenant } = requireWebhookManager(callerOf(request)).identity;
    const { id } = requireWebhook(await webhooks.read(tenant, request.params.id));
    const { which, since, document = null } = request.body;
    const replayed = await deliveries.replay(tenant, id, {
      which,
      since: since === undefined ? 0 : Date.parse(since),
      name: document,
      at: clock.now(),
    });
    return reply.code(202).send({ replayed });
  });
}
