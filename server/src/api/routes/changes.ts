import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import { changesAnswerSchema, changesBodySchema, writeHeadersSchema } from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readPrecondition } from '../../core/precondition.ts';
import type { ApiDeps } from '../api-deps.ts';
import { applyToDocument, type ChangesDeps } from '../apply-to-document.ts';
import { callerOf, requireDocumentName } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses } from '../describe-route.ts';
import { runOnce } from '../run-once.ts';
import { CONTENT_PROBLEMS, stateHeaders, WRITE_PROBLEMS } from '../write-answers.ts';

type Deps = ChangesDeps & Pick<ApiDeps, 'requests' | 'clock' | 'telemetry'>;

const schema = {
  tags: ['Documents'],
  security: BEARER_SECURITY,
  operationId: 'applyChanges',
  summary: 'Apply operations to a document',
  description:
    'Each operation is addressed by a block, a relative position or a quoted text in the state `base`; what others wrote ' +
    'since neither shifts it nor is touched by it. The answer tells of each whether it was applied; with `atomic` all are, or none.',
  params: z.object({ name: documentNameSchema }),
  headers: writeHeadersSchema,
  body: changesBodySchema,
  response: { 200: changesAnswerSchema, ...problemResponses(...WRITE_PROBLEMS, ...CONTENT_PROBLEMS, 'unknown-base') },
};

/** `POST /v1/documents/{name}/changes`. */
export const changesRoutes: FastifyPluginAsyncZod<Deps> = async (app, deps) => {
  app.post('/documents/:name/changes', { schema, config: { namesDocument: true } }, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    return runOnce(deps, { request, reply }, async ({ earlier, intend }) => {
      const precondition = readPrecondition(request.headers);
      const body = await applyToDocument(deps, { caller, name, precondition, changes: request.body, earlier, intend });
      return { status: 200, headers: stateHeaders(body), body };
    });
  });
};
