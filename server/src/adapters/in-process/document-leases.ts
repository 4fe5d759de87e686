import type { DocumentLeases } from '../../ports/document-leases.ts';
import type { DocumentId } from '../../ports/update-log.ts';

/** Leases that one process holds alone, where there is nobody else to share the documents with. */
export function createInProcessLeases(): DocumentLeases {
  const leases = new Map<DocumentId, { readonly holder: string; readonly until: number }>();
  return {
    claim: (documentIds, { holder, now, until }) => {
      // What has ended is nobody's; left in, they would be as many as there are documents.
      for (const [documentId, lease] of leases) if (lease.until <= now) leases.delete(documentId);
      const free = documentIds.filter((documentId) => (leases.get(documentId)?.holder ?? holder) === holder);
      for (const documentId of free) leases.set(documentId, { holder, until });
      return Promise.resolve(free);
    },
    keep: (documentIds, { holder, until }) => {
      for (const documentId of documentIds) {
        if (leases.get(documentId)?.holder === holder) leases.set(documentId, { holder, until });
      }
      return Promise.resolve();
    },
  };
}
