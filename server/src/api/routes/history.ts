import {
  blameQuerySchema,
  blameSchema,
  diffQuerySchema,
  diffSchema,
  historyQuerySchema,
  historySchema,
} from '@scriptorium/shared/history-schemas';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { matchesEtag } from '../../core/etag.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { documentPath, findDocument } from '../find-document.ts';
import { findPoint } from '../find-point.ts';

type HistoryDeps = Pick<ApiDeps, 'catalog' | 'past' | 'versions'>;

const common = {
  tags: ['History'],
  security: BEARER_SECURITY,
  params: z.object({ name: documentNameSchema }),
  headers: z.object({ 'if-none-match': z.string().optional() }),
};
const config = { namesDocument: true };
const MINUTE = 60_000;

const others = {
  304: z.undefined().meta({ description: 'Nothing changed.' }),
  308: z.null().meta({ description: 'The document was renamed; `Location` has its address.' }),
  ...problemResponses(
    ...TOKEN_PROBLEMS,
    'invalid-document-name',
    'bad-request',
    'forbidden',
    'document-not-found',
    'version-not-found',
    'document-deleted',
    'conversion-exceeded',
    'document-quarantined',
    'overloaded',
  ),
};

const json = (schema: z.ZodType, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** Who wrote a document, when, and what. Needs the right to read the history, which holds what was taken out. */
export const historyRoutes: FastifyPluginAsyncZod<HistoryDeps> = async (app, deps) => {
  addHistoryRoute(app, deps);
  addDiffRoute(app, deps);
  addBlameRoute(app, deps);
};

type App = Parameters<typeof historyRoutes>[0];

function addHistoryRoute(app: App, deps: HistoryDeps): void {
  const schema = {
    ...common,
    operationId: 'readHistory',
    summary: 'Who worked on a document when',
    description: "The log's rows, grouped into sittings of each person, page by page from the newest back.",
    querystring: historyQuerySchema,
    response: { 200: json(historySchema, 'A page of the history.'), ...others },
  };
  app.get('/documents/:name/history', { schema, config }, async (request, reply) => {
    const { before, rows, pause } = request.query;
    return answer(request, reply, {
      deps,
      plan: async (record) => {
        const upTo = Math.min(before ?? record.head, record.head);
        const question = { after: Math.max(0, upTo - rows), upTo, pause: pause * MINUTE };
        return {
          tag: `${question.after}-${upTo}-${pause}`,
          type: JSON_TYPE,
          read: () => deps.past.sittings(record, question),
        };
      },
    });
  });
}

function addDiffRoute(app: App, deps: HistoryDeps): void {
  const schema = {
    ...common,
    operationId: 'compareStates',
    summary: 'What differs between two states, and who did it',
    description: 'What came and went in between is not shown. As HTML in `ins`, `del` and `data-author`.',
    querystring: diffQuerySchema,
    response: {
      200: {
        description: 'What was inserted, deleted, formatted and changed.',
        content: { 'application/json': { schema: diffSchema }, 'text/html': { schema: z.string() } },
      },
      ...others,
    },
  };
  app.get('/documents/:name/diff', { schema, config }, async (request, reply) => {
    const { format, from: start, to: end } = request.query;
    return answer(request, reply, {
      deps,
      plan: async (record) => {
        const from = await findPoint(deps.versions, record, start);
        const to = await findPoint(deps.versions, record, end);
        if (from > to) throw new ScriptoriumError('bad-request', `"from" is row ${from}, behind "to", row ${to}`);
        return {
          tag: `${from}-${to}-${format}`,
          type: format === 'html' ? HTML_TYPE : JSON_TYPE,
          read: () => deps.past.diff(record, { from, to, format }),
        };
      },
    });
  });
}

function addBlameRoute(app: App, deps: HistoryDeps): void {
  const schema = {
    ...common,
    operationId: 'readBlame',
    summary: 'Who wrote what of a state',
    querystring: blameQuerySchema,
    response: { 200: json(blameSchema, 'The content, with the author of each stretch.'), ...others },
  };
  app.get('/documents/:name/blame', { schema, config }, async (request, reply) =>
    answer(request, reply, {
      deps,
      plan: async (record) => {
        const at = await findPoint(deps.versions, record, request.query.at);
        return { tag: `${at}-blame`, type: JSON_TYPE, read: () => deps.past.blame(record, at) };
      },
    }),
  );
}

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';

/** What an answer is named by, and how it is had. */
interface Plan {
  /** With the epoch it says all that the answer depends on. */
  readonly tag: string;
  readonly type: string;
  read(): Promise<Uint8Array>;
}

/** How a request about the past is answered. */
interface Answering {
  readonly deps: HistoryDeps;
  readonly plan: (record: DocumentRecord) => Promise<Plan>;
}

async function answer(request: FastifyRequest, reply: FastifyReply, { deps, plan }: Answering): Promise<FastifyReply> {
  const { name: text } = request.params as z.infer<typeof common.params>;
  const name = requireDocumentName(text);
  const found = await findDocument(deps.catalog, { caller: callerOf(request), name, action: 'read-history' });
  if (found.kind === 'moved') {
    const { pathname, search } = new URL(request.url, 'http://localhost');
    return reply.redirect(`${documentPath(found.name)}/${pathname.split('/').at(-1)}${search}`, 308);
  }
  const { tag, type, read } = await plan(found.record);
  const etag = `"${found.record.epoch}-${tag}"`;
  reply.headers({ 'cache-control': 'no-cache', etag });
  if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  const bytes = await read();
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return reply.type(type).serializer(asIs).send(body);
}

/** The answer is written already; a schema would only parse it again. */
function asIs(payload: unknown): string {
  return payload as string;
}
