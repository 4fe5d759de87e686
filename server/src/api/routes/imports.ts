import { FILE_FORMATS, FILE_KINDS, importedSchema, type FileFormat } from '@scriptorium/shared/export-schemas';
import type { DocumentName } from '@scriptorium/shared/document-name';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { assertNever, ScriptoriumError } from '../../core/errors.ts';
import type { EditTarget } from '../../ports/document-edits.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireAction, requireDocumentName, type Caller } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';

type ImportDeps = Pick<ApiDeps, 'catalog' | 'edits' | 'conversions' | 'records' | 'clock'>;

const FORMATS = new Map(FILE_FORMATS.map((format) => [FILE_KINDS[format].mediaType, format]));
/** The state of a document in which nothing was written: no structs, no deletions. */
const EMPTY = Uint8Array.of(0, 0);
/** Yjs draws its ids from 32 bits. */
const ID_SPACE = 2 ** 32;

const schema = {
  tags: ['Files'],
  security: BEARER_SECURITY,
  operationId: 'importFile',
  summary: 'Import a file into a document',
  description:
    'Markdown, HTML, JSON, plain text or DOCX, by `Content-Type`, becomes the content of the document as a minimal edit; a ' +
    'Yjs update is merged. The document is made where there is none and the caller may.',
  params: z.object({ name: documentNameSchema }),
  response: {
    200: importedSchema,
    201: importedSchema,
    ...problemResponses(...TOKEN_PROBLEMS, 'document-quarantined', 'overloaded', 'room-discarded'),
    ...problemResponses('invalid-document-name', 'bad-request', 'malformed-update'),
    ...problemResponses('forbidden', 'document-not-found', 'unsupported-media-type', 'payload-too-large'),
    ...problemResponses('invalid-content', 'unknown-node', 'conversion-exceeded', 'limit-exceeded', 'forbidden-update'),
    ...problemResponses('tombstoned-content', 'incomplete-update', 'document-full', 'quota-exceeded'),
  },
};

/** `POST /v1/documents/{name}/import`. */
export const importRoutes: FastifyPluginAsyncZod<ImportDeps> = async (app, deps) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...FORMATS.keys()], { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/documents/:name/import', { schema, config: { namesDocument: true } }, async (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    requireAction(caller, name, 'write');
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    const format = FORMATS.get(type);
    if (format === undefined || !Buffer.isBuffer(request.body)) throw new ScriptoriumError('unsupported-media-type');
    const file = { format, body: new Uint8Array(request.body) };
    const { target, created, update } = await findOrCreate(deps, { caller, name, file });
    const outcome = await deps.edits.edit(target, {
      user: caller.identity.user,
      compose: (base) => update ?? convert(deps, { ...file, base: base.state, clientId: base.clientId }),
    });
    deps.records.forget(caller.identity.tenant, name);
    return reply.code(created ? 201 : 200).send({ name, created, ...outcome });
  });
};

interface File {
  readonly format: FileFormat;
  readonly body: Uint8Array;
}

interface Found {
  readonly target: EditTarget;
  readonly created: boolean;
  /** What the file comes to in an empty document, where that is known already. */
  readonly update: Promise<Uint8Array | null> | null;
}

/** A file that is none makes no document: it is converted before one is made. */
async function findOrCreate(
  deps: ImportDeps,
  { caller, name, file }: { readonly caller: Caller; readonly name: DocumentName; readonly file: File },
): Promise<Found> {
  const { tenant, user } = caller.identity;
  const resolution = await deps.catalog.resolve(tenant, name);
  switch (resolution.kind) {
    case 'found':
      return { target: resolution, created: false, update: null };
    case 'renamed':
      throw new ScriptoriumError('document-not-found', 'it is called otherwise now');
    case 'absent':
    case 'deleted': {
      requireAction(caller, name, 'create');
      const clientId = Math.floor(deps.clock.random() * ID_SPACE);
      const update = await convert(deps, { ...file, base: EMPTY, clientId });
      const { kind } = await deps.catalog.create(tenant, name, user, deps.clock.now());
      const made = await deps.catalog.resolve(tenant, name);
      if (made.kind !== 'found') throw new ScriptoriumError('document-not-found');
      // Somebody else was faster: then it is an edit of what they made.
      const isOurs = kind === 'created';
      return { target: made, created: isOurs, update: isOurs ? Promise.resolve(update) : null };
    }
    default:
      return assertNever(resolution);
  }
}

async function convert(
  { conversions }: ImportDeps,
  request: File & { readonly base: Uint8Array; readonly clientId: number },
): Promise<Uint8Array | null> {
  const { format, ...rest } = request;
  if (format === 'yjs') return request.body;
  const result = await conversions.replace({ ...rest, format });
  return result;
}
