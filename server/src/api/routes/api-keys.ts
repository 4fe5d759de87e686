import {
  apiKeyBodySchema,
  apiKeyListSchema,
  apiKeySecretSchema,
  pageQuerySchema,
  rotateBodySchema,
  type ApiKeyView,
} from '@scriptorium/shared/access-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { mintSecret } from '../../access/secret-text.ts';
import { findExcess, type Delegation } from '../../core/delegation.ts';
import { ScriptoriumError } from '../../core/errors.ts';
import type { ApiKey } from '../../ports/api-key-store.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAbility, type Caller } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { requireFuture, toTime } from '../grant-views.ts';

type KeyDeps = Pick<ApiDeps, 'keys' | 'noteAccessChange' | 'clock'>;

const common = { tags: ['Access'], security: BEARER_SECURITY };
const params = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/, 'is not the id of a key') });
const PROBLEMS = [...TOKEN_PROBLEMS, 'bad-request', 'forbidden'] as const;

/** Machines' keys. All of it needs `manage-keys`, and nobody gets a key to more than they hold. */
export const apiKeyRoutes: FastifyPluginAsyncZod<KeyDeps> = async (app, deps) => {
  addListRoute(app, deps);
  addCreateRoute(app, deps);
  addRotateRoute(app, deps);
  addRevokeRoute(app, deps);
};

type App = Parameters<typeof apiKeyRoutes>[0];

function addListRoute(app: App, { keys }: KeyDeps): void {
  const schema = {
    ...common,
    operationId: 'listApiKeys',
    summary: 'List the keys of the tenant',
    description: 'Newest first, revoked ones too, all without their secrets.',
    querystring: pageQuerySchema,
    response: { 200: apiKeyListSchema, ...problemResponses(...PROBLEMS) },
  };
  app.get('/api-keys', { schema }, async (request) => {
    const caller = callerOf(request);
    requireAbility(caller, 'manage-keys');
    const { cursor = null, limit } = request.query;
    const page = await keys.list(caller.identity.tenant, { cursor, limit });
    return { keys: page.keys.map(toView), nextCursor: page.nextCursor };
  });
}

function addCreateRoute(app: App, { keys, clock }: KeyDeps): void {
  const schema = {
    ...common,
    operationId: 'createApiKey',
    summary: 'Make a key for a machine',
    description:
      'The secret is kept as a hash and cannot be shown again. A key made by a key ends with it at the latest.',
    body: apiKeyBodySchema,
    response: { 201: apiKeySecretSchema, ...problemResponses(...PROBLEMS) },
  };
  app.post('/api-keys', { schema }, async (request, reply) => {
    const caller = callerOf(request);
    const { label, role, abilities } = request.body;
    const documents = new Map(request.body.documents.map((entry) => [entry.resource, entry.role]));
    requireHeld(caller, { role, documents, abilities });
    const now = clock.now();
    const { id, text, hash } = mintSecret('key');
    const key: ApiKey = {
      id,
      tenant: caller.identity.tenant,
      label,
      role,
      documents,
      abilities: [...new Set(abilities)],
      createdAt: now,
      createdBy: caller.identity.user,
      expiresAt: endOf(caller, requireFuture(request.body.expiresAt, now)),
      revokedAt: null,
      lastUsedAt: null,
      previousEndsAt: null,
    };
    await keys.add(key, hash);
    return reply.code(201).send({ key: toView(key), secret: text });
  });
}

function addRotateRoute(app: App, { keys, noteAccessChange, clock }: KeyDeps): void {
  const schema = {
    ...common,
    operationId: 'rotateApiKey',
    summary: "Replace a key's secret",
    description:
      'The secret of now stays good for the overlap, so that every machine can be given the new one in time.',
    params,
    body: rotateBodySchema,
    response: { 200: apiKeySecretSchema, ...problemResponses(...PROBLEMS, 'not-found') },
  };
  app.post('/api-keys/:id/rotate', { schema }, async (request) => {
    const caller = callerOf(request);
    const { tenant, user } = caller.identity;
    requireAbility(caller, 'manage-keys');
    const before = await keys.read(tenant, request.params.id);
    if (before === null) throw notFound();
    requireHeld(caller, before);
    const { id, text, hash } = mintSecret('key', before.id);
    const now = clock.now();
    const previousEndsAt = now + request.body.overlapSeconds * 1000;
    const revision = await keys.rotate(tenant, id, { hash, previousEndsAt }, { user, at: now });
    if (revision === null) throw notFound();
    await noteAccessChange(revision);
    return { key: toView({ ...before, previousEndsAt }), secret: text };
  });
}

function addRevokeRoute(app: App, { keys, noteAccessChange, clock }: KeyDeps): void {
  const schema = {
    ...common,
    operationId: 'revokeApiKey',
    summary: 'End a key',
    description: 'It opens nothing more within a second, and its sessions end.',
    params,
    response: { 204: z.undefined().meta({ description: 'Ended.' }), ...problemResponses(...PROBLEMS, 'not-found') },
  };
  app.delete('/api-keys/:id', { schema }, async (request, reply) => {
    const caller = callerOf(request);
    requireAbility(caller, 'manage-keys');
    const { tenant, user } = caller.identity;
    const revision = await keys.revoke(tenant, request.params.id, { user, at: clock.now() });
    if (revision === null) throw notFound();
    await noteAccessChange(revision);
    return reply.code(204).send();
  });
}

/** Whoever makes or renews a key has its secret, so it must not open more than they may open already. */
function requireHeld(caller: Caller, delegation: Delegation): void {
  requireAbility(caller, 'manage-keys');
  const excess = findExcess(caller.rights, delegation);
  if (excess !== null) throw new ScriptoriumError('forbidden', `${excess} is more than you hold`);
}

/** A key that was lost for an hour must not have made one that lives for ever. */
function endOf({ identity }: Caller, asked: number | null): number | null {
  if (identity.key === null || identity.expiresAt === Infinity) return asked;
  return Math.min(asked ?? Infinity, identity.expiresAt);
}

function notFound(): ScriptoriumError {
  return new ScriptoriumError('not-found', 'there is no such key');
}

function toView(key: ApiKey): ApiKeyView {
  return {
    id: key.id,
    label: key.label,
    role: key.role,
    documents: Object.fromEntries(key.documents),
    abilities: [...key.abilities],
    createdAt: new Date(key.createdAt).toISOString(),
    createdBy: key.createdBy,
    expiresAt: toTime(key.expiresAt),
    revokedAt: toTime(key.revokedAt),
    lastUsedAt: toTime(key.lastUsedAt),
    previousEndsAt: toTime(key.previousEndsAt),
  };
}
