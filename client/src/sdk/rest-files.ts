import { FILE_KINDS, type FileFormat, type ImportedView } from '@scriptorium/shared/export-schemas';
import { createCallRest, type RestClientOptions } from './rest-call.ts';
import { FILE_OPERATIONS } from './rest-operations-files.ts';
import { toHeaders, type WriteOptions } from './write-options.ts';

/** Takes documents out as files, and files in as documents. Calls reject with a `RestError`. */
export interface FileClient {
  /** The newest state, and the entity tag of exactly that one. */
  exportDocument(
    name: string,
    format?: FileFormat,
  ): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string }>;
  /**
   * A zip of all documents that the caller may export, as it is made; one without a `manifest.json` at its end is not
   * whole.
   */
  exportTenant(order?: {
    readonly format?: FileFormat;
    /** Only names that start with this text. */
    readonly prefix?: string;
    /** Adds who wrote when, and the versions, where the caller may read them. */
    readonly history?: boolean;
  }): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** Creates the document where it is not there, unless `ifMatch` says that it must be. */
  importFile(
    name: string,
    file: { readonly format: FileFormat; readonly body: string | Uint8Array<ArrayBuffer> },
    options?: WriteOptions,
  ): Promise<ImportedView>;
}

/** Talks to one server on behalf of a program. */
export function createFileClient(options: RestClientOptions): FileClient {
  const call = createCallRest(FILE_OPERATIONS, options);
  return {
    exportDocument: async (name, format) => {
      const headers = { accept: '*/*' };
      const response = await call('exportDocument', { parameters: { name }, query: { format }, headers });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { bytes, etag: response.headers.get('etag') ?? '' };
    },
    exportTenant: async ({ format, prefix, history } = {}) => {
      const query = { format, prefix, history: history === true ? 'true' : undefined };
      const { body } = await call('exportTenant', { query, headers: { accept: '*/*' } });
      return body ?? new Blob([]).stream();
    },
    importFile: async (name, { format, body }, demands) => {
      const raw = { type: FILE_KINDS[format].mediaType, body };
      const response = await call('importFile', { parameters: { name }, raw, headers: toHeaders(demands) });
      return (await response.json()) as ImportedView;
    },
  };
}
