import { CONTENT_MEDIA_TYPES, type ContentFormat } from '@scriptorium/shared/content-formats';
import type { DocumentView } from '@scriptorium/shared/rest-schemas';
import type {
  ChangesAnswer,
  ChangesInput,
  DocumentPatch,
  JobInput,
  JobView,
  NewDocumentInput,
  WrittenView,
} from '@scriptorium/shared/write-schemas';
import { createCallRest, type RestClientOptions } from './rest-call.ts';
import { CONTENT_OPERATIONS } from './rest-operations.ts';
import { toHeaders, type WriteOptions } from './write-options.ts';

/** A content and the state that it is of. */
export interface Content {
  /** JSON as text too; a Yjs update as bytes. */
  readonly body: string | Uint8Array;
  /** To be sent back as `ifMatch`, or as `etag` of the next read. */
  readonly etag: string;
}

/** Reads and changes documents as a program. Calls reject with a `RestError`. */
export interface ContentClient {
  createDocument(document: NewDocumentInput, options?: WriteOptions): Promise<DocumentView>;
  /** Changes name, title and metadata. */
  changeDocument(name: string, patch: DocumentPatch, options?: WriteOptions): Promise<DocumentView>;
  deleteDocument(name: string, options?: WriteOptions): Promise<void>;
  /** `null` when the state is still the one that `etag` names. */
  readContent(
    name: string,
    wanted: {
      readonly format: ContentFormat;
      /** The state at a `seq`, of a version by its id, or `<epoch>-<seq>`, which never changes. */
      readonly at?: number | string;
      readonly etag?: string;
      /** Exact, instead of at most a second old. */
      readonly fresh?: boolean;
    },
  ): Promise<Content | null>;
  /** Creates the document where it is not there, unless `ifMatch` says that it must be. */
  replaceContent(
    name: string,
    content: { readonly format: ContentFormat; readonly body: string | Uint8Array<ArrayBuffer> },
    options?: WriteOptions,
  ): Promise<WrittenView & { readonly etag: string }>;
  applyChanges(name: string, changes: ChangesInput, options?: WriteOptions): Promise<ChangesAnswer>;
  /** Changes many documents, one after the other; `readJob` tells how far it is. */
  applyBulkChanges(changes: JobInput, options?: Pick<WriteOptions, 'idempotencyKey'>): Promise<JobView>;
  readJob(id: string): Promise<JobView>;
}

/** Talks to one server on behalf of a program. */
export function createContentClient(options: RestClientOptions): ContentClient {
  const call = createCallRest(CONTENT_OPERATIONS, options);
  const json = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T;
  return {
    createDocument: (body, options) => json(call('createDocument', { body, headers: toHeaders(options) })),
    changeDocument: (name, body, options) =>
      json(call('changeDocument', { parameters: { name }, body, headers: toHeaders(options) })),
    deleteDocument: async (name, options) => {
      await call('deleteDocument', { parameters: { name }, headers: toHeaders(options) });
    },
    readContent: async (name, { format, at, etag, fresh = false }) => {
      const headers = { 'if-none-match': etag, 'cache-control': fresh ? 'no-cache' : undefined };
      const response = await call('readContent', { parameters: { name }, query: { format, at }, headers });
      if (response.status === 304) return null;
      const body = format === 'yjs' ? new Uint8Array(await response.arrayBuffer()) : await response.text();
      return { body, etag: response.headers.get('etag') ?? '' };
    },
    replaceContent: async (name, { format, body }, options) => {
      const raw = { type: CONTENT_MEDIA_TYPES[format], body };
      const response = await call('replaceContent', { parameters: { name }, raw, headers: toHeaders(options) });
      const written = (await response.json()) as WrittenView;
      return { ...written, etag: response.headers.get('etag') ?? '' };
    },
    applyChanges: (name, body, options) =>
      json(call('applyChanges', { parameters: { name }, body, headers: toHeaders(options) })),
    applyBulkChanges: (body, options) => json(call('applyBulkChanges', { body, headers: toHeaders(options) })),
    readJob: (id) => json(call('readJob', { parameters: { id } })),
  };
}
