import {
  deliveryListSchema,
  deliveryQuerySchema,
  replayBodySchema,
  replayedSchema,
} from '@scriptorium/shared/webhook-schemas';
import { onceHeadersSchema } from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf } from '../authenticate.ts';
import { problemResponses } from '../describe-route.ts';
import { toDeliveryView } from '../webhook-views.ts';
import { runOnce } from '../run-once.ts';
import {
  requireWebhook,
  requireWebhookManager,
  WEBHOOK_PROBLEMS,
  WEBHOOK_WRITE_PROBLEMS,
  webhookCommon,
  webhookParams,
} from './webhooks.ts';

type DeliveryDeps = Pick<ApiDeps, 'webhooks' | 'deliveries' | 'requests' | 'clock' | 'telemetry'>;

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

function addReplayRoute(app: App, deps: DeliveryDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'replayDeliveries',
    summary: 'Send events again',
    description: 'In their old order and under their old identities, as far back as events are kept.',
    params: webhookParams,
    headers: onceHeadersSchema,
    body: replayBodySchema,
    response: { 202: replayedSchema, ...problemResponses(...WEBHOOK_WRITE_PROBLEMS, 'not-found') },
  };
  app.post('/webhooks/:id/replay', { schema }, (request, reply) => {
    const { tenant, user } = requireWebhookManager(callerOf(request)).identity;
    const { which, since, document = null } = request.body;
    return runOnce(deps, { request, reply }, async ({ begunAt: at }) => {
      const { id } = requireWebhook(await deps.webhooks.read(tenant, request.params.id));
      const query = { which, since: since === undefined ? 0 : Date.parse(since), name: document };
      const replayed = await deps.deliveries.replay(tenant, id, { ...query, act: { user, at } });
      return { status: 202, body: { replayed } };
    });
  });
}
