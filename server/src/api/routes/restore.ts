import { randomUUID } from 'node:crypto';
import { pointSchema } from '@scriptorium/shared/history-schemas';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import { restoredSchema, type RestoredView } from '@scriptorium/shared/version-schemas';
import { writeHeadersSchema } from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readPrecondition, type Precondition } from '../../core/precondition.ts';
import type { Composed, EditBase, WriteTarget } from '../../ports/document-writer.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName, type Caller } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses } from '../describe-route.ts';
import { findEditable } from '../find-editable.ts';
import { findPoint } from '../find-point.ts';
import { runOnce, type Attempt } from '../run-once.ts';
import { toVersionView } from '../version-view.ts';
import { CONTENT_PROBLEMS, stateHeaders, WRITE_PROBLEMS } from '../write-answers.ts';

type RestoreDeps = Pick<ApiDeps, 'catalog' | 'past' | 'versions' | 'writer' | 'records'> &
  Pick<ApiDeps, 'requests' | 'clock' | 'telemetry'>;

/** What is brought back, and the version that will note it. */
interface RestorePlan {
  readonly versionId: string;
  readonly of: number;
  readonly label: string | null;
}

interface Restore {
  readonly caller: Caller;
  readonly target: WriteTarget;
  readonly point: string;
  readonly precondition: Precondition;
}

const schema = {
  tags: ['History'],
  security: BEARER_SECURITY,
  operationId: 'restoreVersion',
  summary: 'Make a document what it was',
  description:
    'As an edit by the caller, so that the history goes on and open editors see it at once; what others write meanwhile ' +
    'stays, unless `If-Match` names the state that is to be left.',
  params: z.object({ name: documentNameSchema, version: pointSchema }),
  headers: writeHeadersSchema,
  response: {
    200: restoredSchema,
    ...problemResponses(...WRITE_PROBLEMS, ...CONTENT_PROBLEMS, 'version-not-found', 'internal', 'storage-unavailable'),
  },
};

/** `POST /v1/documents/{name}/versions/{version}/restore`. */
export const restoreRoutes: FastifyPluginAsyncZod<RestoreDeps> = async (app, deps) => {
  const config = { namesDocument: true };
  app.post('/documents/:name/versions/:version/restore', { schema, config }, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const precondition = readPrecondition(request.headers);
    const { version: point } = request.params;
    return runOnce(deps, { request, reply }, async (attempt) => {
      const target = await findEditable(deps.catalog, { caller, name, action: 'restore' });
      const body = await restore(deps, { caller, target, point, precondition }, attempt);
      return { status: 200, headers: stateHeaders(body), body };
    });
  });
};

async function restore(
  deps: RestoreDeps,
  { caller, target, point, precondition }: Restore,
  attempt: Attempt,
): Promise<RestoredView> {
  const { record } = target;
  const { user } = caller.identity;
  // What this very request noted before.
  const earlier = attempt.earlier as Composed<RestorePlan> | null;
  const plan = earlier?.result ?? (await planRestore(deps, target, point));
  const { versionId, of, label } = plan;
  const { epoch, seq, changed } = await deps.writer.write<RestorePlan>(target, {
    user,
    precondition,
    compose: earlier === null ? await composeRestore(deps, target, plan) : () => Promise.resolve(earlier),
    earlier,
    beforeAppend: (composed) => attempt.intend({ documentId: record.id, ...composed }),
    restore: { versionId, label, of, act: { user, at: attempt.begunAt } },
  });
  deps.records.forget(record.tenant, record.name);
  const version = changed ? await deps.versions.read(record.id, versionId) : null;
  return { epoch, seq, changed, version: version === null ? null : toVersionView(version) };
}

async function planRestore({ versions }: RestoreDeps, { record }: WriteTarget, point: string): Promise<RestorePlan> {
  const of = await findPoint(versions, record, point);
  const label = (await versions.read(record.id, point))?.label ?? null;
  return { versionId: randomUUID(), of, label };
}

/** The state that is brought back is read before the document is held up for the edit. */
async function composeRestore({ past }: RestoreDeps, { record }: WriteTarget, plan: RestorePlan) {
  const wanted = await past.stateAt(record, plan.of);
  return async ({ state, clientId }: EditBase): Promise<Composed<RestorePlan>> => ({
    update: await past.restore({ base: state, target: wanted, clientId }),
    result: plan,
  });
}
