import { CONTENT_MEDIA_TYPES, type ContentFormat } from '@scriptorium/shared/content-formats';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import { writeHeadersSchema, writtenSchema } from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { readPrecondition } from '../../core/precondition.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName } from '../authenticate.ts';
import type { ContentBody } from '../content-body.ts';
import { BEARER_SECURITY, problemResponses } from '../describe-route.ts';
import { documentPath } from '../find-document.ts';
import { findTarget } from '../find-target.ts';
import { putContent, type PutDeps } from '../put-content.ts';
import { bodyOf, takeRawBodies } from '../raw-bodies.ts';
import { runOnce } from '../run-once.ts';
import { CONTENT_PROBLEMS, stateHeaders, WRITE_PROBLEMS } from '../write-answers.ts';

type WriteDeps = PutDeps & Pick<ApiDeps, 'requests' | 'telemetry' | 'config'>;

/** The format of each media type that a body may have. */
const FORMATS: ReadonlyMap<string, ContentFormat> = new Map(
  Object.entries(CONTENT_MEDIA_TYPES).map(([format, type]) => [
    type.split(';')[0] ?? type,
    // The keys of the table are the formats.
    format as ContentFormat,
  ]),
);

const schema = {
  tags: ['Documents'],
  security: BEARER_SECURITY,
  operationId: 'replaceContent',
  summary: "Replace a document's content",
  description:
    'Finds the smallest edit that leads to the content and makes it, so what others type at the same time stays, and ' +
    'so do the addresses of blocks that do not change. A plain text changes lines and leaves structure and marks; a Yjs ' +
    'update is merged. A document that is not there is created with the content, if the caller may; one that was deleted is not.',
  params: z.object({ name: documentNameSchema }),
  headers: writeHeadersSchema,
  body: {
    content: {
      'text/markdown': bodyOf({
        type: 'string',
        description: 'CommonMark, with tables and task lists.',
        examples: ['# Today\n\nRain.\n'],
      }),
      'text/html': bodyOf({
        type: 'string',
        description: 'What the schema has no place for is left out.',
        examples: ['<h1>Today</h1><p>Rain.</p>'],
      }),
      'text/plain': bodyOf({ type: 'string', description: 'Lines.', examples: ['Today\nRain.\n'] }),
      'application/json': bodyOf({
        type: 'object',
        description: 'As `GET` gives it.',
        required: ['type'],
        properties: { type: { const: 'doc' }, content: { type: 'array' }, roots: { type: 'object' } },
        examples: [{ type: 'doc', content: [{ type: 'paragraph', content: [{ type: 'text', text: 'Rain.' }] }] }],
      }),
      'application/vnd.yjs.update': bodyOf({
        type: 'string',
        contentMediaType: 'application/octet-stream',
        description: 'One Yjs V1 update.',
      }),
    },
  },
  response: {
    200: writtenSchema,
    201: writtenSchema,
    ...problemResponses(
      ...WRITE_PROBLEMS,
      ...CONTENT_PROBLEMS,
      'malformed-update',
      'incomplete-update',
      'tombstoned-content',
    ),
  },
};

/** `PUT /v1/documents/{name}/content`. */
export const writeContentRoutes: FastifyPluginAsyncZod<WriteDeps> = async (app, deps) => {
  takeRawBodies(app, [...FORMATS.keys()]);
  const options = { schema, config: { namesDocument: true }, bodyLimit: deps.config.limits.messageBytes };
  app.put('/documents/:name/content', options, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const body = readBody(request.headers['content-type'], request.body);
    const precondition = readPrecondition(request.headers);
    return runOnce(deps, { request, reply }, async (attempt) => {
      const target = await findTarget(deps.catalog, { caller, name });
      const written = await putContent(deps, { caller, name, body, precondition, target }, attempt);
      const headers = { ...stateHeaders(written), ...(written.created && { location: documentPath(name) }) };
      return { status: written.created ? 201 : 200, headers, body: written };
    });
  });
};

function readBody(type: string | undefined, body: unknown): ContentBody {
  const format = FORMATS.get((type ?? '').split(';')[0]?.trim().toLowerCase() ?? '');
  if (format === undefined) throw new ScriptoriumError('unsupported-media-type');
  return { format, bytes: body instanceof Uint8Array ? body : new Uint8Array() };
}
