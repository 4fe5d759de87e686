import {
  type SearchFilterView,
  type SearchRebuildView,
  searchBodySchema,
  searchFilterSchema,
  searchPageSchema,
  searchQuerySchema,
  searchRebuildSchema,
} from '@scriptorium/shared/search-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { ScriptoriumError } from '../../core/errors.ts';
import type { RebuildStatus } from '../../workers/search/search-rebuilds.ts';
import type { ApiDeps, SearchParts } from '../api-deps.ts';
import { callerOf, requireAbility } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { isFromThisMachine } from '../from-this-machine.ts';
import { searchDocuments } from '../search/search-documents.ts';

interface SearchRouteDeps extends Pick<ApiDeps, 'access' | 'clock' | 'telemetry'> {
  readonly search: SearchParts;
}

const common = { tags: ['Search'], security: BEARER_SECURITY };
const PROBLEMS = [...TOKEN_PROBLEMS, 'bad-request', 'search-unavailable'] as const;

/** `GET` and `POST /v1/search`, and the rebuild of the index. */
export const searchRoutes: FastifyPluginAsyncZod<SearchRouteDeps> = async (app, deps) => {
  addSearchRoutes(app, deps);
  addRebuildRoutes(app, deps);
};

type App = Parameters<typeof searchRoutes>[0];

function addSearchRoutes(app: App, { access, clock, search, telemetry }: SearchRouteDeps): void {
  const describe = (operationId: string, summary: string) => ({
    ...common,
    operationId,
    summary,
    description:
      'Documents that the caller may read at this moment, with the blocks in which something was found. What was written ' +
      'is found within a second or two. While the engine is away the answer is 503, and everything else goes on.',
    response: { 200: searchPageSchema, ...problemResponses(...PROBLEMS) },
  });
  const answer = async (caller: ReturnType<typeof callerOf>, body: Parameters<typeof searchDocuments>[2]) => {
    const begun = clock.monotonic();
    telemetry.metrics.count('search_queries_total');
    const page = await searchDocuments({ ...search, access }, caller, body);
    telemetry.metrics.observe('search_latency_seconds', (clock.monotonic() - begun) / 1_000);
    return page;
  };
  const querySchema = { ...describe('search', 'Search documents'), querystring: searchQuerySchema };
  app.get('/search', { schema: querySchema }, (request) => {
    const { filter, ...query } = request.query;
    return answer(callerOf(request), { ...query, filter: readFilter(filter) });
  });
  const bodySchema = {
    ...describe('searchWithBody', 'Search documents, the question in the body'),
    body: searchBodySchema,
  };
  app.post('/search', { schema: bodySchema }, (request) => answer(callerOf(request), request.body));
}

/** The filter that repeated parameters spell. Throws `bad-request`. */
function readFilter(given: string | readonly string[] | undefined): SearchFilterView {
  const terms = given === undefined ? [] : typeof given === 'string' ? [given] : given;
  const filter: Record<string, unknown> = {};
  for (const term of terms) {
    const at = term.indexOf(':');
    const [key, value] = [term.slice(0, at), term.slice(at + 1)];
    if (key === 'author') filter['authors'] = [...((filter['authors'] as string[] | undefined) ?? []), value];
    else if (key === 'tag') filter['tags'] = [...((filter['tags'] as string[] | undefined) ?? []), value];
    else
      filter[{ name: 'names', 'updated-from': 'updatedFrom', 'updated-before': 'updatedBefore' }[key] ?? key] = value;
  }
  const parsed = searchFilterSchema.safeParse(filter);
  if (parsed.success) return parsed.data;
  throw new ScriptoriumError('bad-request', `filter: ${parsed.error.issues[0]?.message ?? 'is not valid'}`);
}

function addRebuildRoutes(app: App, { search }: SearchRouteDeps): void {
  const schema = {
    ...common,
    description:
      'For who may manage the tenant, and from the machine of the server only, since the index is that of all tenants. ' +
      '`scriptorium search reindex` asks for it.',
    response: {
      200: searchRebuildSchema,
      202: searchRebuildSchema,
      ...problemResponses(...TOKEN_PROBLEMS, 'forbidden'),
    },
  };
  const requireOperator = (request: Parameters<typeof callerOf>[0]): void => {
    requireAbility(callerOf(request), 'manage-tenant');
    const { headers, socket } = request;
    const origin = { headers, httpVersion: request.raw.httpVersion, remoteAddress: socket.remoteAddress };
    if (!isFromThisMachine(origin)) throw new ScriptoriumError('forbidden', 'ask from the machine of the server');
  };
  app.post(
    '/search/rebuild',
    { schema: { ...schema, operationId: 'rebuildSearch', summary: 'Rebuild the search index' } },
    async (request, reply) => {
      requireOperator(request);
      return reply.code(202).send(toRebuildView(search.rebuilds.start()));
    },
  );
  app.get(
    '/search/rebuild',
    { schema: { ...schema, operationId: 'readSearchRebuild', summary: 'How far the rebuild of the search index is' } },
    async (request) => {
      requireOperator(request);
      return toRebuildView(search.rebuilds.status());
    },
  );
}

function toRebuildView(status: RebuildStatus): SearchRebuildView {
  const at = (time: number): string => new Date(time).toISOString();
  switch (status.state) {
    case 'idle':
      return { state: 'idle' };
    case 'failed':
      return { state: 'failed', startedAt: at(status.startedAt), endedAt: at(status.endedAt), reason: status.reason };
    case 'running':
    case 'finished': {
      const { step, filled: documents, leftOut } = status.progress;
      const ended = status.state === 'finished' ? { endedAt: at(status.endedAt) } : {};
      return { state: status.state, step, documents, leftOut, startedAt: at(status.startedAt), ...ended };
    }
  }
}
