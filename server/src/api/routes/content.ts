import { CONTENT_MEDIA_TYPES, type ContentFormat } from '@scriptorium/shared/content-formats';
import { contentQuerySchema, documentNameSchema } from '@scriptorium/shared/rest-schemas';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { negotiateCoding } from '../../content/compress.ts';
import { ScriptoriumError } from '../../core/errors.ts';
import { formatEtag, matchesEtag } from '../../core/etag.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAction, requireDocumentName } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { documentPath, resolveDocument } from '../find-document.ts';
import { findState } from '../find-state.ts';
import { negotiateFormat } from '../negotiate-format.ts';
import { noteExport } from '../note-export.ts';
import type { ReadContent } from '../read-content.ts';

type ContentDeps = Pick<ApiDeps, 'reader' | 'records' | 'versions' | 'journal' | 'clock'>;

/** Tells that the content is what could be saved of a damaged document. */
const QUARANTINED_HEADER = 'document-quarantined';

/** A state that is asked for by epoch and number is that one for ever. */
const FOR_EVER = 'private, max-age=31536000, immutable';

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
    'The committed state, in the format of `format`, or by `Accept`; at most a second old, or exact with ' +
    '`Cache-Control: no-cache` and for a document that is open on the node. `ETag` is `"<epoch>-<seq>"`; send it back as ' +
    '`If-None-Match` to be told 304 while nothing changed. Of a document in which something stored is damaged, what could ' +
    'be saved is given, with the header `Document-Quarantined: true`.',
  params: z.object({ name: documentNameSchema }),
  querystring: contentQuerySchema,
  headers: z.object({
    'if-none-match': z
      .string()
      .optional()
      .meta({ description: 'Tags of states that are known; 304 when it is one of them.' }),
    accept: z.string().optional().meta({ description: 'Chooses the format where the query does not.' }),
    'cache-control': z.string().optional().meta({ description: '`no-cache` asks for the very newest state.' }),
  }),
  response: {
    200: {
      description: 'The content; `ETag` names its state.',
      content: {
        'application/json': { schema: richTextSchema },
        'text/markdown': { schema: z.string().meta({ examples: ['# Hello\n'] }) },
        'text/html': { schema: z.string().meta({ examples: ['<h1>Hello</h1>'] }) },
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
      'not-found',
      'version-not-found',
      'overloaded',
      'conversion-exceeded',
      'not-acceptable',
      'limit-exceeded',
      'document-quarantined',
    ),
  },
};

/** `GET /v1/documents/{name}/content`. */
export const contentRoutes: FastifyPluginAsyncZod<ContentDeps> = async (app, deps) => {
  const { reader, records } = deps;
  app.get('/documents/:name/content', { schema, config: { namesDocument: true } }, async (request, reply) => {
    const name = requireDocumentName(request.params.name);
    const caller = callerOf(request);
    const format = request.query.format ?? negotiateFormat(request.headers.accept);
    const fresh = /\bno-cache\b/i.test(request.headers['cache-control'] ?? '');
    const found = await resolveDocument((tenant) => records.resolve(tenant, name, fresh), {
      caller,
      name,
      action: 'export',
    });
    if (found.kind === 'moved')
      return reply.redirect(`${documentPath(found.name)}/content${queryOf(request.url)}`, 308);
    if (format === null) throw new ScriptoriumError('not-acceptable');
    const { record } = found;
    const { at } = request.query;
    const position = await reader.positionOf(record);
    const state = at === undefined ? null : await findState(deps.versions, { ...record, ...position }, at);
    if (state !== null && state.seq !== position.seq) requireAction(caller, record.name, 'read-history');
    reply.headers({ 'cache-control': state?.fixed === true ? FOR_EVER : 'no-cache', vary: 'Accept, Accept-Encoding' });
    const etag = formatEtag(position.epoch, state?.seq ?? position.seq);
    if (matchesEtag(request.headers['if-none-match'], etag)) return reply.header('etag', etag).code(304).send();
    const read = await (state === null
      ? reader.read(record, position, format)
      : reader.readAt(record, state.seq, format));
    noteExport(deps, caller, { document: record.name, detail: { format, seq: read.seq } });
    return sendContent(reply, { read, format, accepts: request.headers['accept-encoding'] });
  });
};

async function sendContent(
  reply: FastifyReply,
  content: { readonly read: ReadContent; readonly format: ContentFormat; readonly accepts: string | undefined },
): Promise<FastifyReply> {
  const { epoch, seq, rendering, damaged } = content.read;
  reply.header('etag', formatEtag(epoch, seq)).type(CONTENT_MEDIA_TYPES[content.format]);
  if (damaged) reply.header(QUARANTINED_HEADER, 'true');
  const coding = negotiateCoding(content.accepts);
  const encoded = coding === null ? null : await rendering.encode(coding);
  if (encoded === null) return reply.serializer(passThrough).send(rendering.bytes);
  return reply.header('content-encoding', coding).serializer(passThrough).send(encoded);
}

/** The content is rendered already; a schema would only parse it again. */
function passThrough(payload: unknown): string {
  return payload as string;
}

function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start);
}
