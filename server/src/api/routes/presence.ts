import { broadcastBodySchema, presenceSchema } from '@scriptorium/shared/presence-schemas';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { presenceFor } from '../../core/presence-policy.ts';
import type { PresentClient } from '../../ports/live-presence.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { findDocumentHere } from '../find-document.ts';

type PresenceDeps = Pick<ApiDeps, 'catalog' | 'presence' | 'presencePolicy'>;

const common = { tags: ['Presence'], security: BEARER_SECURITY };
const params = z.object({ name: documentNameSchema });
const config = { namesDocument: true };
const PROBLEMS = [
  ...TOKEN_PROBLEMS,
  'bad-request',
  'invalid-document-name',
  'forbidden',
  'document-not-found',
  'document-deleted',
] as const;

/** Who is in a document, and a word to all of them. */
export const presenceRoutes: FastifyPluginAsyncZod<PresenceDeps> = async (
  app,
  { catalog, presence, presencePolicy },
) => {
  const listSchema = {
    ...common,
    operationId: 'listPresence',
    summary: 'Tell who is in a document',
    description: 'Every client on every node, with what it shows of itself. `user` is whose token it came with.',
    params,
    response: { 200: presenceSchema, ...problemResponses(...PROBLEMS) },
  };
  app.get('/documents/:name/presence', { schema: listSchema, config }, async (request) => {
    const name = requireDocumentName(request.params.name);
    const caller = callerOf(request);
    const record = await findDocumentHere(catalog, { caller, name, action: 'see-presence' });
    if (!presenceFor(caller.rights, record.name, presencePolicy).sees) throw new ScriptoriumError('forbidden');
    return { clients: (await presence.list(record.id)).map(toView) };
  });
  const broadcastSchema = {
    ...common,
    operationId: 'broadcast',
    summary: "Send a message to a document's clients",
    description:
      'A stateless message of Hocuspocus to everybody who is connected at this moment, on every node. It is not kept, ' +
      'and not part of the document. Needs the right to write.',
    params,
    body: broadcastBodySchema,
    response: { 202: z.object({ accepted: z.literal(true) }), ...problemResponses(...PROBLEMS) },
  };
  app.post('/documents/:name/broadcast', { schema: broadcastSchema, config }, async (request, reply) => {
    const name = requireDocumentName(request.params.name);
    const record = await findDocumentHere(catalog, { caller: callerOf(request), name, action: 'write' });
    presence.broadcast(record.id, request.body.payload);
    return reply.code(202).send({ accepted: true as const });
  });
};

function toView({ client, user, state }: PresentClient) {
  // It passed as JSON when it came in.
  return { client, user, state: JSON.parse(state) as unknown };
}
