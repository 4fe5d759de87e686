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
import { onceHeadersSchema, taggedHeadersSchema } from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { holdsTag, readPrecondition } from '../../core/precondition.ts';
import type { Webhook, WebhookChange } from '../../ports/webhook-store.ts';
import { SECRET_PREFIX } from '../../workers/webhook-message.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAbility, type Caller } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { runOnce } from '../run-once.ts';
import { webhookTag } from '../webhook-tag.ts';
import { toWebhookView } from '../webhook-views.ts';

type WebhookDeps = Pick<ApiDeps, 'webhooks' | 'requests' | 'clock' | 'telemetry'>;

export const webhookParams = z.object({ id: z.string().regex(/^wh_[0-9a-f]{16}$/, 'is not the id of a webhook') });
export const webhookCommon = { tags: ['Webhooks'], security: BEARER_SECURITY };
export const WEBHOOK_PROBLEMS = [...TOKEN_PROBLEMS, 'bad-request', 'forbidden'] as const;
/** Codes that every write about webhooks can answer with. */
export const WEBHOOK_WRITE_PROBLEMS = [
  ...WEBHOOK_PROBLEMS,
  'request-in-progress',
  'idempotency-key-reused',
  'payload-too-large',
  'unsupported-media-type',
] as const;
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

/** What an attempt to make a webhook was about to store. */
interface NotedWebhook {
  readonly id: string;
  readonly secret: string;
}

function addCreateRoute(app: App, deps: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'createWebhook',
    summary: 'Make a webhook',
    description:
      'What happens to documents from now on is posted there, signed by Standard Webhooks: at least once, in the order ' +
      'of the events of each document, and again for a day where it fails.',
    headers: onceHeadersSchema,
    body: webhookBodySchema,
    response: { 201: webhookSecretSchema, ...problemResponses(...WEBHOOK_WRITE_PROBLEMS) },
  };
  app.post('/webhooks', { schema }, (request, reply) => {
    const { identity } = requireWebhookManager(callerOf(request));
    const { url, label, events, documents } = request.body;
    return runOnce(deps, { request, reply }, async (attempt) => {
      // What this very request noted before.
      const earlier = (attempt.earlier?.result ?? null) as NotedWebhook | null;
      const noted = earlier ?? { id: mintWebhookId(), secret: mintWebhookSecret() };
      if (earlier === null) await attempt.intend({ documentId: null, update: null, result: noted });
      const webhook: Webhook = {
        id: noted.id,
        tenant: identity.tenant,
        url,
        label,
        events: [...new Set(events)],
        documents: toResources(documents),
        createdAt: attempt.begunAt,
        createdBy: identity.user,
        paused: null,
        failingSince: null,
        deliveredAt: null,
        previousEndsAt: null,
      };
      if (!(await deps.webhooks.add(webhook, noted.secret, MOST)))
        throw new ScriptoriumError('bad-request', `a tenant has ${MOST} webhooks at most`);
      const headers = { location: `/v1/webhooks/${webhook.id}`, etag: webhookTag(webhook) };
      return { status: 201, headers, body: { webhook: toWebhookView(webhook), secret: noted.secret } };
    });
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
  app.get('/webhooks/:id', { schema }, async (request, reply) => {
    const { identity } = requireWebhookManager(callerOf(request));
    const webhook = requireWebhook(await webhooks.read(identity.tenant, request.params.id));
    reply.header('etag', webhookTag(webhook));
    return toWebhookView(webhook);
  });
}

function addChangeRoute(app: App, deps: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'changeWebhook',
    summary: 'Change, pause or resume a webhook',
    description: 'What is owed to it already goes to the new address. After a pause what happened meanwhile follows.',
    params: webhookParams,
    headers: taggedHeadersSchema,
    body: webhookChangeSchema,
    response: {
      200: webhookSchema,
      ...problemResponses(...WEBHOOK_WRITE_PROBLEMS, 'not-found', 'precondition-failed'),
    },
  };
  app.patch('/webhooks/:id', { schema }, (request, reply) => {
    const { tenant, user } = requireWebhookManager(callerOf(request)).identity;
    const precondition = readPrecondition(request.headers);
    const change = readChange(request.body);
    return runOnce(deps, { request, reply }, async ({ begunAt: at, isResumed }) => {
      const changed = await deps.webhooks.change(tenant, request.params.id, {
        change,
        act: { user, at },
        // The attempt before this one may have made it what it is to be.
        mayChange: (current) => holdsTag(precondition, webhookTag(current)) || (isResumed && isDone(current, change)),
      });
      if (changed === 'moved') throw new ScriptoriumError('precondition-failed');
      const webhook = requireWebhook(changed);
      return { status: 200, headers: { etag: webhookTag(webhook) }, body: toWebhookView(webhook) };
    });
  });
}

function readChange(body: z.infer<typeof webhookChangeSchema>): WebhookChange {
  const { url, label, events, documents, paused } = body;
  return {
    ...(url === undefined ? {} : { url }),
    ...(label === undefined ? {} : { label }),
    ...(events === undefined ? {} : { events: [...new Set(events)] }),
    ...(documents === undefined ? {} : { documents: toResources(documents) }),
    ...(paused === undefined ? {} : { paused: paused ? 'by-hand' : null }),
  };
}

function isDone(webhook: Webhook, change: WebhookChange): boolean {
  return webhookTag({ ...webhook, ...change }) === webhookTag(webhook);
}

function addRotateRoute(app: App, deps: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'rotateWebhookSecret',
    summary: "Replace a webhook's secret",
    description: 'For the overlap what is sent carries two signatures, so that receivers can be given the new secret.',
    params: webhookParams,
    headers: onceHeadersSchema,
    body: rotateBodySchema,
    response: { 200: webhookSecretSchema, ...problemResponses(...WEBHOOK_WRITE_PROBLEMS, 'not-found') },
  };
  app.post('/webhooks/:id/rotate', { schema }, (request, reply) => {
    const { tenant, user } = requireWebhookManager(callerOf(request)).identity;
    return runOnce(deps, { request, reply }, async (attempt) => {
      // What this very request noted before.
      const earlier = (attempt.earlier?.result ?? null) as Pick<NotedWebhook, 'secret'> | null;
      const { secret } = earlier ?? { secret: mintWebhookSecret() };
      if (earlier === null) await attempt.intend({ documentId: null, update: null, result: { secret } });
      const at = attempt.begunAt;
      const previousEndsAt = at + request.body.overlapSeconds * 1000;
      const rotation = { text: secret, previousEndsAt, act: { user, at } };
      const webhook = requireWebhook(await deps.webhooks.rotate(tenant, request.params.id, rotation));
      return { status: 200, body: { webhook: toWebhookView(webhook), secret } };
    });
  });
}

function addRemoveRoute(app: App, deps: WebhookDeps): void {
  const schema = {
    ...webhookCommon,
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook',
    description: 'Nothing that it is still owed is sent any more.',
    params: webhookParams,
    headers: onceHeadersSchema,
    response: {
      204: z.undefined().meta({ description: 'Deleted.' }),
      ...problemResponses(...WEBHOOK_WRITE_PROBLEMS, 'not-found'),
    },
  };
  app.delete('/webhooks/:id', { schema }, (request, reply) => {
    const { tenant, user } = requireWebhookManager(callerOf(request)).identity;
    return runOnce(deps, { request, reply }, async ({ begunAt: at, isResumed }) => {
      const isRemoved = await deps.webhooks.remove(tenant, request.params.id, { user, at });
      // The attempt before this one may have come as far as that.
      if (!isRemoved && !isResumed) throw notFound();
      return { status: 204 };
    });
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

function mintWebhookId(): string {
  return `wh_${randomBytes(ID_BYTES).toString('hex')}`;
}

function mintWebhookSecret(): string {
  return `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
}

function toResources(texts: readonly string[]): readonly GrantResource[] {
  return [...new Set(texts)].map(parseGrantResource).filter((resource) => resource !== null);
}
