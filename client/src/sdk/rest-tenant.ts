import type { AuditListView } from '@scriptorium/shared/audit-schemas';
import type {
  ErasedContent,
  ErasureListView,
  ErasureView,
  PersonExportView,
} from '@scriptorium/shared/erasure-schemas';
import type { SearchRebuildView } from '@scriptorium/shared/search-schemas';
import { createCallRest, type RestClientOptions } from './rest-call.ts';
import { TENANT_OPERATIONS } from './rest-operations-tenant.ts';

/** Looks after a tenant: its audit log, what is to be forgotten, and its search. Calls reject with a `RestError`. */
export interface TenantClient {
  /** The newest entries first. */
  listAudit(page?: {
    readonly document?: string;
    readonly actor?: string;
    readonly cursor?: string;
    readonly limit?: number;
  }): Promise<AuditListView>;
  /** Deletes a document for good; the record is the proof, and `finishedAt` tells when nothing is left. */
  eraseDocument(name: string): Promise<ErasureView>;
  listErasures(): Promise<ErasureListView>;
  readErasure(id: string): Promise<ErasureView>;
  /** What is kept about a person. */
  exportPerson(user: string): Promise<PersonExportView>;
  /**
   * Begins to put a pseudonym in the place of a person's id; the record tells how far it is. `content` says what becomes
   * of what they wrote: `keep`, unless documents that only they wrote are to be erased too.
   */
  erasePerson(user: string, options?: { readonly content?: ErasedContent }): Promise<ErasureView>;
  /** Rejects with `not-found` for somebody who was not erased, or was readmitted. */
  readPersonErasure(user: string): Promise<ErasureView>;
  /** Lets a person in again whose erasure is finished. */
  readmitPerson(user: string): Promise<void>;
  /** Makes the search index anew; only from the server's own machine. */
  rebuildSearch(): Promise<SearchRebuildView>;
  readSearchRebuild(): Promise<SearchRebuildView>;
}

/** Talks to one server on behalf of a program. */
export function createTenantClient(options: RestClientOptions): TenantClient {
  const call = createCallRest(TENANT_OPERATIONS, options);
  const json = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T;
  return {
    listAudit: (page = {}) => json(call('listAudit', { query: page })),
    eraseDocument: (name) => json(call('eraseDocument', { parameters: { name } })),
    listErasures: () => json(call('listErasures')),
    readErasure: (id) => json(call('readErasure', { parameters: { id } })),
    exportPerson: (user) => json(call('exportPerson', { parameters: { user } })),
    erasePerson: (user, query = {}) => json(call('erasePerson', { parameters: { user }, query })),
    readPersonErasure: (user) => json(call('readPersonErasure', { parameters: { user } })),
    readmitPerson: async (user) => {
      await call('readmitPerson', { parameters: { user } });
    },
    rebuildSearch: () => json(call('rebuildSearch')),
    readSearchRebuild: () => json(call('readSearchRebuild')),
  };
}
