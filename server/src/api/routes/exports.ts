import type { Readable } from 'node:stream';
import { exportQuerySchema, FILE_KINDS, fileQuerySchema } from '@scriptorium/shared/export-schemas';
import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { writeZip } from '../../content/files/write-zip.ts';
import { formatEtag } from '../../core/etag.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { exportEntries, renderFile, standStill, type ExportDeps } from '../export-archive.ts';
import { findDocumentHere } from '../find-document.ts';
import { noteExport } from '../note-export.ts';

const common = { tags: ['Files'], security: BEARER_SECURITY };
const binary = (description: string) => ({
  schema: z.custom<Buffer | Readable>().meta({ type: 'string', format: 'binary', description }),
});

type ExportRouteDeps = ExportDeps & Pick<ApiDeps, 'journal'>;

/** Documents as files: one, or all of a tenant in an archive that is made while it is read. */
export const exportRoutes: FastifyPluginAsyncZod<ExportRouteDeps> = async (app, deps) => {
  addFileRoute(app, deps);
  addArchiveRoute(app, deps);
};

type App = Parameters<typeof exportRoutes>[0];

function addFileRoute(app: App, deps: ExportRouteDeps): void {
  const schema = {
    ...common,
    operationId: 'exportDocument',
    summary: 'Export a document as a file',
    params: z.object({ name: documentNameSchema }),
    querystring: fileQuerySchema,
    response: {
      200: {
        description: 'The file.',
        content: Object.fromEntries(Object.values(FILE_KINDS).map(({ mediaType }) => [mediaType, binary('The file.')])),
      },
      ...problemResponses(...TOKEN_PROBLEMS, 'document-quarantined', 'overloaded'),
      ...problemResponses('invalid-document-name', 'bad-request'),
      ...problemResponses('forbidden', 'document-not-found', 'document-deleted', 'conversion-exceeded'),
    },
  };
  app.get('/documents/:name/export', { schema, config: { namesDocument: true } }, async (request, reply) => {
    const name = requireDocumentName(request.params.name);
    const caller = callerOf(request);
    const found = await findDocumentHere(deps.catalog, { caller, name, action: 'export' });
    const record = await standStill(deps, found);
    const { format } = request.query;
    const bytes = await renderFile(deps, record, format);
    noteExport(deps, caller, { document: record.name, detail: { format, seq: record.head } });
    const { mediaType, extension } = FILE_KINDS[format];
    const fileName = `${name.split('/').at(-1)}.${extension}`;
    return (
      reply
        .headers({ 'cache-control': 'no-cache', etag: formatEtag(record.epoch, record.head) })
        // A name has no sign that would have to be escaped here.
        .header('content-disposition', `attachment; filename="${fileName}"`)
        .type(mediaType.startsWith('text/') ? `${mediaType}; charset=utf-8` : mediaType)
        .serializer((payload) => payload as string)
        .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    );
  });
}

function addArchiveRoute(app: App, deps: ExportRouteDeps): void {
  const schema = {
    ...common,
    operationId: 'exportTenant',
    summary: 'Export all documents as an archive',
    description:
      'A zip of the documents that the caller may export, made while it is read, and a `manifest.json` that names them and ' +
      'those that could not be had. An archive without it is not whole.',
    querystring: exportQuerySchema,
    response: {
      200: { description: 'The archive.', content: { 'application/zip': binary('The archive.') } },
      ...problemResponses(...TOKEN_PROBLEMS, 'bad-request'),
    },
  };
  app.get('/export', { schema }, async (request, reply) => {
    const { format, prefix, history } = request.query;
    const caller = callerOf(request);
    const order = { caller, format, prefix, withHistory: history === 'true' };
    // It ends when its reader goes, and what is in it then has been handed out.
    noteExport(deps, caller, { document: `${prefix}*`, detail: { format, archive: 1 } });
    return reply
      .header('content-disposition', 'attachment; filename="documents.zip"')
      .type('application/zip')
      .serializer((payload) => payload as string)
      .send(writeZip(exportEntries(deps, order)));
  });
}
