import { randomBytes } from 'node:crypto';
import { pageQuerySchema, rotateBodySchema } from '@scriptorium/shared/access-schemas';
import { parseGrantResource, type GrantResource } from '@scriptorium/shared/grant-resource';
import {
  webhookBodySchema,
  webhookChangeSchema,
  webhookListSchema,
  webhookSchema,
  webhookSecretSchema,
} from '@scriptorium/shared/webhook-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Webhook } from '../../ports/webhook-store.ts';
import { SECRET_PREFIX } from '../../workers/webhook-message.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAbility, type Caller } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { toWebhookView } from '../webhook-views.ts';

type WebhookDeps = Pick<ApiDeps, 'webhooks' | 'clock'>;

export const webhookParams = z.object({ id: z.string().regex(/^wh_[0-9a-f]{16}$/, 'is not the id of a webhook') });
export const webhookCommon = { tags: ['Webhooks'], security: BEARER_SECURITY };
export const WEBHOOK_PROBLEMS = [...TOKEN_PROBLEMS, 'bad-request', 'forbidden'] as const;
/** Webhooks of one tenant; each change of a document is written down once for every one of them. */
const MOST = 50;
const ID_BYTES = 8;
/** 256 bits, within the 24 to 64 bytes that Standard Webhooks asks for. */
const SECRET_BYTES = 32;

/** Webhooks of the tenant. All of it needs `manage-webhooks`. */
export const webhookRoutes: FastifyPluginAsyncZod<WebhookDeps> = async (app, deps) => {
  addListRoute(app, deps);
  addCreateRoute(app, deps);
  addReadRoute(app, deps);
  addChangeRoute(app, deps);
  addRotateRoute(app, deps);
  addRemoveRoute(app, deps);
};

type App = Parameters<typeof webhookRoutes>[0];

function addListRoute(app: App, { webhooks }: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'listWebhooks',
    summary: 'List webhooks',
    description: 'Newest first, without their secrets.',
    querystring: pageQuerySchema,
    response: { 200: webhookListSchema, ...problemResponses(...WEBHOOK_PROBLEMS) },
  };
  app.get('/webhooks', { schema }, async (request) => {
    const caller = requireWebhookManager(callerOf(request));
    const { cursor = null, limit } = request.query;
    const page = await webhooks.list(caller.identity.tenant, { cursor, limit });
    return { webhooks: page.webhooks.map(toWebhookView), nextCursor: page.nextCursor };
  });
}

function addCreateRoute(app: App, { webhooks, clock }: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'createWebhook',
    summary: 'Make a webhook',
    description:
      'What happens to documents from now on is posted there, signed by Standard Webhooks: at least once, in the order ' +
      'of the events of each document, and again for a day where it fails.',
    body: webhookBodySchema,
    response: { 201: webhookSecretSchema, ...problemResponses(...WEBHOOK_PROBLEMS) },
  };
  app.post('/webhooks', { schema }, async (request, reply) => {
    const { identity } = requireWebhookManager(callerOf(request));
    const { url, label, events } = request.body;
    const webhook: Webhook = {
      id: `wh_${randomBytes(ID_BYTES).toString('hex')}`,
      tenant: identity.tenant,
      url,
      label,
      events: [...new Set(events)],
      documents: toResources(request.body.documents),
      createdAt: clock.now(),
      createdBy: identity.user,
      paused: null,
      failingSince: null,
      deliveredAt: null,
      previousEndsAt: null,
    };
    const secret = mintWebhookSecret();
    if (!(await webhooks.add(webhook, secret, MOST)))
      throw new ScriptoriumError('bad-request', `a tenant has ${MOST} webhooks at most`);
    return reply
      .code(201)
      .header('location', `/v1/webhooks/${webhook.id}`)
      .send({ webhook: toWebhookView(webhook), secret });
  });
}

function addReadRoute(app: App, { webhooks }: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'readWebhook',
    summary: 'Read a webhook',
    params: webhookParams,
    response: { 200: webhookSchema, ...problemResponses(...WEBHOOK_PROBLEMS, 'not-found') },
  };
  app.get('/webhooks/:id', { schema }, async (request) => {
    const { identity } = requireWebhookManager(callerOf(request));
    return toWebhookView(requireWebhook(await webhooks.read(identity.tenant, request.params.id)));
  });
}

function addChangeRoute(app: App, { webhooks }: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'changeWebhook',
    summary: 'Change, pause or resume a webhook',
    description: 'What is owed to it already goes to the new address. After a pause what happened meanwhile follows.',
    params: webhookParams,
    body: webhookChangeSchema,
    response: { 200: webhookSchema, ...problemResponses(...WEBHOOK_PROBLEMS, 'not-found') },
  };
  app.patch('/webhooks/:id', { schema }, async (request) => {
    const { identity } = requireWebhookManager(callerOf(request));
    const { url, label, events, documents, paused } = request.body;
    const changed = await webhooks.change(identity.tenant, request.params.id, {
      ...(url === undefined ? {} : { url }),
      ...(label === undefined ? {} : { label }),
      ...(events === undefined ? {} : { events: [...new Set(events)] }),
      ...(documents === undefined ? {} : { documents: toResources(documents) }),
      ...(paused === undefined ? {} : { paused: paused ? 'by-hand' : null }),
    });
    return toWebhookView(requireWebhook(changed));
  });
}

function addRotateRoute(app: App, { webhooks, clock }: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'rotateWebhookSecret',
    summary: "Replace a webhook's secret",
    description: 'For the overlap what is sent carries two signatures, so that receivers can be given the new secret.',
    params: webhookParams,
    body: rotateBodySchema,
    response: { 200: webhookSecretSchema, ...problemResponses(...WEBHOOK_PROBLEMS, 'not-found') },
  };
  app.post('/webhooks/:id/rotate', { schema }, async (request) => {
    const { identity } = requireWebhookManager(callerOf(request));
    const text = mintWebhookSecret();
    const previousEndsAt = clock.now() + request.body.overlapSeconds * 1000;
    const rotated = await webhooks.rotate(identity.tenant, request.params.id, { text, previousEndsAt });
    return { webhook: toWebhookView(requireWebhook(rotated)), secret: text };
  });
}

function addRemoveRoute(app: App, { webhooks }: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook',
    description: 'Nothing that it is still owed is sent any more.',
    params: webhookParams,
    response: {
      204: z.undefined().meta({ description: 'Deleted.' }),
      ...problemResponses(...WEBHOOK_PROBLEMS, 'not-found'),
    },
  };
  app.delete('/webhooks/:id', { schema }, async (request, reply) => {
    const { identity } = requireWebhookManager(callerOf(request));
    if (!(await webhooks.remove(identity.tenant, request.params.id))) throw notFound();
    return reply.code(204).send();
  });
}

/** The caller, if they may manage webhooks; throws `forbidden` else. */
export function requireWebhookManager(caller: Caller): Caller {
  requireAbility(caller, 'manage-webhooks');
  return caller;
}

/** The webhook, if there is one; throws `not-found` else. */
export function requireWebhook(webhook: Webhook | null): Webhook {
  if (webhook === null) throw notFound();
  return webhook;
}

function notFound(): ScriptoriumError {
  return new ScriptoriumError('not-found', 'there is no such webhook');
}

function mintWebhookSecret(): string {
  return `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
}

function toResources(texts: readonly string[]): readonly GrantResource[] {
  return [...new Set(texts)].map(parseGrantResource).filter((resource) => resource !== null);
}
