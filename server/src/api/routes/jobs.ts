import { randomUUID } from 'node:crypto';
import { jobBodySchema, jobSchema, writeHeadersSchema } from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf } from '../authenticate.ts';
import { toJobView } from '../bulk-changes.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { runOnce } from '../run-once.ts';
import { WRITE_PROBLEMS } from '../write-answers.ts';

type JobDeps = Pick<ApiDeps, 'jobs' | 'wakeJobs' | 'requests' | 'clock' | 'telemetry'>;

const common = { tags: ['Jobs'], security: BEARER_SECURITY };
/** How long a job can be asked about. */
const WEEK = 7 * 24 * 60 * 60 * 1_000;

/** `POST /v1/changes`, and the job that it makes. */
export const jobRoutes: FastifyPluginAsyncZod<JobDeps> = async (app, deps) => {
  addCreateRoute(app, deps);
  addReadRoute(app, deps);
};

type App = Parameters<typeof jobRoutes>[0];

function addCreateRoute(app: App, deps: JobDeps): void {
  const schema = {
    ...common,
    operationId: 'applyBulkChanges',
    summary: 'Apply operations to many documents',
    description:
      'Answers with a job at once, which changes one document after the other; what may be done is judged for each as its ' +
      'turn comes. A job survives a restart of the server, and changes no document twice.',
    headers: writeHeadersSchema.pick({ 'idempotency-key': true }),
    body: jobBodySchema,
    response: { 202: jobSchema, ...problemResponses(...WRITE_PROBLEMS) },
  };
  app.post('/changes', { schema }, (request, reply) =>
    runOnce(deps, { request, reply }, async ({ earlier, intend }) => {
      const { identity } = callerOf(request);
      // An attempt that follows another makes the same job.
      const id = earlier === null ? randomUUID() : String(earlier.result);
      const at = deps.clock.now();
      await intend({ documentId: null, update: null, result: id });
      const requests = request.body.documents.map((changes) => JSON.stringify(changes));
      const read = () => deps.jobs.read(identity.tenant, identity.user, id, at);
      if (earlier === null || (await read()) === null)
        await deps.jobs.create({ id, kind: 'changes', identity, requests, at, expiresAt: at + WEEK });
      deps.wakeJobs();
      const job = await read();
      if (job === null) throw new ScriptoriumError('internal', 'a job vanished');
      return { status: 202, headers: { location: `/v1/jobs/${id}` }, body: toJobView(job) };
    }),
  );
}

function addReadRoute(app: App, { jobs, clock }: JobDeps): void {
  const schema = {
    ...common,
    operationId: 'readJob',
    summary: 'Read how far a job is, and what became of its parts',
    description: 'For who asked for it, for a week.',
    params: z.object({ id: z.uuid().meta({ description: 'As the answer that made it says.' }) }),
    response: { 200: jobSchema, ...problemResponses(...TOKEN_PROBLEMS, 'bad-request', 'not-found') },
  };
  app.get('/jobs/:id', { schema }, async (request) => {
    const { tenant, user } = callerOf(request).identity;
    const job = await jobs.read(tenant, user, request.params.id, clock.now());
    if (job === null) throw new ScriptoriumError('not-found', 'there is no such job');
    return toJobView(job);
  });
}
