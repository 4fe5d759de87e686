import { FILE_FORMATS, FILE_KINDS, importedSchema, type FileFormat } from '@scriptorium/shared/export-schemas';
import type { DocumentName } from '@scriptorium/shared/document-name';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import { writeHeadersSchema } from '@scriptorium/shared/write-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { assertNever, ScriptoriumError } from '../../core/errors.ts';
import { readPrecondition } from '../../core/precondition.ts';
import type { WriteTarget } from '../../ports/document-writer.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAction, requireDocumentName, type Caller } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses } from '../describe-route.ts';
import { putContent, type PutDeps } from '../put-content.ts';
import { bodyOf, takeRawBodies } from '../raw-bodies.ts';
import { runOnce } from '../run-once.ts';
import { CONTENT_PROBLEMS, stateHeaders, WRITE_PROBLEMS } from '../write-answers.ts';

type ImportDeps = PutDeps & Pick<ApiDeps, 'requests' | 'telemetry' | 'config'>;

const FORMATS = new Map(FILE_FORMATS.map((format) => [FILE_KINDS[format].mediaType, format]));

const BINARY = { type: 'string', contentMediaType: 'application/octet-stream' } as const;

const schema = {
  tags: ['Files'],
  security: BEARER_SECURITY,
  operationId: 'importFile',
  summary: 'Import a file into a document',
  description:
    'Markdown, HTML, JSON, plain text or DOCX, by `Content-Type`, becomes the content of the document as a minimal edit; a ' +
    'Yjs update is merged. The document is made where there is none and the caller may; a Yjs update does not bring back ' +
    'one that was deleted.',
  params: z.object({ name: documentNameSchema }),
  headers: writeHeadersSchema,
  body: {
    content: {
      'text/markdown': bodyOf({ type: 'string', description: 'CommonMark, with tables and task lists.' }),
      'text/html': bodyOf({ type: 'string', description: 'What the schema has no place for is left out.' }),
      'text/plain': bodyOf({ type: 'string', description: 'Lines.' }),
      'application/json': bodyOf({ type: 'object', description: 'As an export gives it.' }),
      [FILE_KINDS.docx.mediaType]: bodyOf({ ...BINARY, description: 'A DOCX file.' }),
      'application/vnd.yjs.update': bodyOf({ ...BINARY, description: 'One Yjs V1 update.' }),
    },
  },
  response: {
    200: importedSchema,
    201: importedSchema,
    ...problemResponses(
      ...WRITE_PROBLEMS,
      ...CONTENT_PROBLEMS,
      'malformed-update',
      'incomplete-update',
      'tombstoned-content',
    ),
  },
};

/** `POST /v1/documents/{name}/import`. */
export const importRoutes: FastifyPluginAsyncZod<ImportDeps> = async (app, deps) => {
  takeRawBodies(app, [...FORMATS.keys()]);
  const options = { schema, config: { namesDocument: true }, bodyLimit: deps.config.limits.messageBytes };
  app.post('/documents/:name/import', options, (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    requireAction(caller, name, 'write');
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    const format = FORMATS.get(type);
    if (format === undefined || !Buffer.isBuffer(request.body)) throw new ScriptoriumError('unsupported-media-type');
    const body = { format, bytes: new Uint8Array(request.body) };
    const precondition = readPrecondition(request.headers);
    return runOnce(deps, { request, reply }, async (attempt) => {
      const target = await findTarget(deps, { caller, name, format });
      const written = await putContent(deps, { caller, name, body, precondition, target }, attempt);
      return { status: written.created ? 201 : 200, headers: stateHeaders(written), body: { name, ...written } };
    });
  });
};

/** The document that the file goes into; `null` where one is to be made. */
async function findTarget(
  { catalog }: ImportDeps,
  wanted: { readonly caller: Caller; readonly name: DocumentName; readonly format: FileFormat },
): Promise<WriteTarget | null> {
  const { caller, name, format } = wanted;
  const resolution = await catalog.resolve(caller.identity.tenant, name);
  switch (resolution.kind) {
    case 'found':
      return resolution;
    case 'renamed':
      throw new ScriptoriumError('document-not-found', 'it is called otherwise now');
    case 'deleted':
      // It may be the very one that was deleted; any other file is written anew.
      if (format === 'yjs') throw new ScriptoriumError('document-deleted');
      requireAction(caller, name, 'create');
      return null;
    case 'absent':
      requireAction(caller, name, 'create');
      return null;
    default:
      return assertNever(resolution);
  }
}
