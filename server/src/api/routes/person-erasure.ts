import { randomBytes, randomUUID } from 'node:crypto';
import { erasureSchema, personErasureQuerySchema } from '@scriptorium/shared/erasure-schemas';
import { SUBJECT_ID_PATTERN } from '@scriptorium/shared/grant-subject';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { beginErasure } from '../../core/erasure-plan.ts';
import { ScriptoriumError } from '../../core/errors.ts';
import type { ErasedPerson } from '../../ports/erased-people.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAbility } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { toErasureView } from '../erasure-view.ts';

/** What the erasure of people stands on. */
export type PersonErasureDeps = Pick<ApiDeps, 'erasedPeople' | 'erasures' | 'wakeJobs' | 'noteAccessChange' | 'clock'>;

const common = { tags: ['Erasure'], security: BEARER_SECURITY };
const PROBLEMS = [...TOKEN_PROBLEMS, 'bad-request', 'forbidden', 'not-found'] as const;
const ID_BYTES = 8;
/** How long the job may take, and what it came to is kept. */
const YEAR = 365 * 24 * 60 * 60 * 1_000;

const paramsSchema = z.object({
  user: z.string().regex(SUBJECT_ID_PATTERN, 'is not a user').meta({ description: 'The `sub` of their tokens.' }),
});

/** Erasure of people: their id gone everywhere, and a pseudonym in its place. */
export const personErasureRoutes: FastifyPluginAsyncZod<PersonErasureDeps> = async (app, deps) => {
  addEraseRoute(app, deps);
  addReadRoute(app, deps);
  addReadmitRoute(app, deps);
};

type App = Parameters<typeof personErasureRoutes>[0];

function addEraseRoute(app: App, deps: PersonErasureDeps): void {
  const schema = {
    ...common,
    operationId: 'erasePerson',
    summary: 'Erase a person',
    description:
      'From now on the person is nobody: tokens are void, grants and the keys that they made end, open sessions close ' +
      'within a second on every node. A job then puts a pseudonym in the place of the id in the log, the history and ' +
      'everything else of the tenant; the record at `Location` says how far it is, and is the proof once it is finished. ' +
      'What they wrote stays there, unless `content` says otherwise. The audit log keeps the id in its rows and is shown ' +
      'with the pseudonym. Somebody who was ' +
      'erased before is erased again under the same pseudonym. Needs `manage-tenant`.',
    params: paramsSchema,
    querystring: personErasureQuerySchema,
    response: { 202: erasureSchema, ...problemResponses(...PROBLEMS) },
  };
  app.post('/users/:user/erasure', { schema }, async (request, reply) => {
    const caller = callerOf(request);
    requireAbility(caller, 'manage-tenant');
    const { tenant } = caller.identity;
    const { user } = request.params;
    if (isServers(user)) throw new ScriptoriumError('bad-request', 'this is not the id of a person');
    const at = deps.clock.now();
    const { person, revision } = await deps.erasedPeople.begin(user, {
      tenant,
      user: caller.identity.user,
      at,
      pseudonym: `erased:${randomBytes(ID_BYTES).toString('hex')}`,
      recordId: `er_${randomBytes(ID_BYTES).toString('hex')}`,
      jobId: randomUUID(),
      content: request.query.content,
      progress: beginErasure(at),
      expiresAt: at + YEAR,
    });
    if (revision !== null) await deps.noteAccessChange(revision);
    deps.wakeJobs();
    return reply
      .code(202)
      .header('location', `/v1/erasures/${person.recordId}`)
      .send(await readView(deps, person));
  });
}

function addReadRoute(app: App, deps: PersonErasureDeps): void {
  const schema = {
    ...common,
    operationId: 'readPersonErasure',
    summary: 'Read whether a person was erased, and how far that is',
    params: paramsSchema,
    response: { 200: erasureSchema, ...problemResponses(...PROBLEMS) },
  };
  app.get('/users/:user/erasure', { schema }, async (request) => {
    const caller = callerOf(request);
    requireAbility(caller, 'manage-tenant');
    const person = await deps.erasedPeople.find(caller.identity.tenant, request.params.user);
    if (person === null) throw notErased();
    return readView(deps, person);
  });
}

function addReadmitRoute(app: App, deps: PersonErasureDeps): void {
  const schema = {
    ...common,
    operationId: 'readmitPerson',
    summary: 'Let a person in again who was erased',
    description:
      'They begin anew, with a token from after the erasure and what they are given from now on; what they did before ' +
      'stays under the pseudonym. Answers with `bad-request` while the erasure is under way. Needs `manage-tenant`.',
    params: paramsSchema,
    response: { 204: z.undefined().meta({ description: 'Readmitted.' }), ...problemResponses(...PROBLEMS) },
  };
  app.delete('/users/:user/erasure', { schema }, async (request, reply) => {
    const caller = callerOf(request);
    requireAbility(caller, 'manage-tenant');
    const act = { user: caller.identity.user, at: deps.clock.now() };
    const outcome = await deps.erasedPeople.readmit(caller.identity.tenant, request.params.user, act);
    if (outcome.kind === 'absent') throw notErased();
    if (outcome.kind === 'unfinished')
      throw new ScriptoriumError('bad-request', 'the erasure is under way; once it is finished, they can come back');
    await deps.noteAccessChange(outcome.revision);
    return reply.code(204).send();
  });
}

/** Identities that are no person's. */
function isServers(user: string): boolean {
  return user === 'system' || /^(key|link|erased):/.test(user);
}

function notErased(): ScriptoriumError {
  return new ScriptoriumError('not-found', 'nobody of this id was erased');
}

async function readView({ erasures }: PersonErasureDeps, { tenant, recordId }: ErasedPerson) {
  const record = await erasures.read(tenant, recordId);
  if (record === null) throw new ScriptoriumError('internal', 'the record of an erasure vanished');
  return toErasureView(record);
}
