import {
  CONTENT_MEDIA_TYPES,
  contentQuerySchema,
  documentNameSchema,
  type ContentFormat,
} from '@scriptorium/shared/rest-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { renderJson } from '../../content/render-json.ts';
import { renderText } from '../../content/render-text.ts';
import { assertNever, ScriptoriumError } from '../../core/errors.ts';
import { formatEtag, matchesEtag } from '../../core/etag.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName, type Caller } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { documentPath, findDocument } from '../find-document.ts';
import { negotiateFormat } from '../negotiate-format.ts';

type ContentDeps = Pick<ApiDeps, 'catalog' | 'documents' | 'journal' | 'clock'>;

/** Tells that the content is what could be saved of a damaged document. */
const QUARANTINED_HEADER = 'document-quarantined';

const richTextSchema = z
  .looseObject({ type: z.literal('doc'), content: z.array(z.looseObject({ type: z.string() })) })
  .meta({
    id: 'Content',
    description: 'The rich text as a ProseMirror document; other parts of the document, if any, under `roots` by name.',
    examples: [{ type: 'doc', content: [{ type: 'paragraph', content: [{ type: 'text', text: 'Hello' }] }] }],
  });

const schema = {
  tags: ['Documents'],
  security: BEARER_SECURITY,
  operationId: 'readContent',
  summary: "Read a document's content",
  description:
    'The committed state, in the format of `format`, or by `Accept`. `ETag` is `"<epoch>-<seq>"`; send it back as ' +
    '`If-None-Match` to be told 304 while nothing changed. Of a document in which something stored is damaged, what could ' +
    'be saved is given, with the header `Document-Quarantined: true`.',
  params: z.object({ name: documentNameSchema }),
  querystring: contentQuerySchema,
  headers: z.object({ 'if-none-match': z.string().optional(), accept: z.string().optional() }),
  response: {
    200: {
      description: 'The content; `ETag` names its state.',
      content: {
        'application/json': { schema: richTextSchema },
        'text/plain': { schema: z.string().meta({ examples: ['Hello'] }) },
        'application/vnd.yjs.update': {
          schema: z.custom<Buffer>().meta({ type: 'string', format: 'binary', description: 'One Yjs V1 update.' }),
        },
      },
    },
    304: z.undefined().meta({ description: 'Nothing changed.' }),
    308: z.null().meta({ description: 'The document was renamed; `Location` has its address.' }),
    ...problemResponses(
      ...TOKEN_PROBLEMS,
      'invalid-document-name',
      'bad-request',
      'forbidden',
      'document-not-found',
      'document-deleted',
      'not-acceptable',
      'limit-exceeded',
      'document-quarantined',
    ),
  },
};

/** `GET /v1/documents/{name}/content`. */
export const contentRoutes: FastifyPluginAsyncZod<ContentDeps> = async (app, deps) => {
  const { catalog, documents } = deps;
  app.get('/documents/:name/content', { schema, config: { namesDocument: true } }, async (request, reply) => {
    const name = requireDocumentName(request.params.name);
    const format = request.query.format ?? negotiateFormat(request.headers.accept);
    const caller = callerOf(request);
    const found = await findDocument(catalog, { caller, name, action: 'export' });
    if (found.kind === 'moved')
      return reply.redirect(`${documentPath(found.name)}/content${queryOf(request.url)}`, 308);
    if (format === null) throw new ScriptoriumError('not-acceptable');
    const { record } = found;
    const condition = request.headers['if-none-match'];
    reply.headers({ 'cache-control': 'no-cache', vary: 'Accept' });
    // The catalog's head is as true as the state itself, and costs no load.
    const known = formatEtag(record.epoch, record.head);
    if (matchesEtag(condition, known)) return reply.header('etag', known).code(304).send();
    const { epoch, seq, state, damaged } = await documents.read(record);
    noteExport(deps, caller, { document: record.name, format, seq });
    reply.header('etag', formatEtag(epoch, seq)).type(CONTENT_MEDIA_TYPES[format]);
    if (damaged) reply.header(QUARANTINED_HEADER, 'true');
    return reply.serializer(passThrough).send(renderContent(state, format));
  });
};

function noteExport(
  { journal, clock }: ContentDeps,
  { identity }: Caller,
  { document, format, seq }: { readonly document: string; readonly format: ContentFormat; readonly seq: number },
): void {
  const detail = { format, seq };
  const entry = { user: identity.user, at: clock.now(), document };
  journal.note(identity.tenant, { ...entry, action: 'document.export', detail });
  for (const id of identity.links)
    journal.note(identity.tenant, { ...entry, action: 'link.use', subject: `link:${id}` });
}

function renderContent(state: Uint8Array, format: ContentFormat): string | Buffer {
  switch (format) {
    case 'yjs':
      return Buffer.from(state.buffer, state.byteOffset, state.byteLength);
    case 'json':
      return JSON.stringify(renderJson(state));
    case 'text':
      return renderText(state);
    default:
      return assertNever(format);
  }
}

/** The content is rendered already; a schema would only parse it again. */
function passThrough(payload: unknown): string {
  return payload as string;
}

function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start);
}
