import type { DocumentListView, DocumentView } from '@scriptorium/shared/rest-schemas';
import { HTTP_LIMITS } from '../core/limits-http.ts';
import { decide } from '../core/permissions.ts';
import type { DocumentCatalog } from '../ports/document-catalog.ts';
import type { Caller } from './authenticate.ts';
import { toDocumentView } from './find-document.ts';

export interface ListRequest {
  readonly caller: Caller;
  readonly prefix: string;
  readonly cursor: string | null;
  readonly limit: number;
}

/**
 * Lists what the caller may read. The catalog knows no roles, so pages are read until enough of them may be shown;
 * each asks for no more than is still missing, so that its cursor is the right one to go on from. A caller who may
 * read next to nothing of a large tenant gets a short page after a bounded number of rounds.
 */
export async function listDocuments(
  catalog: DocumentCatalog,
  { caller, prefix, cursor, limit }: ListRequest,
): Promise<DocumentListView> {
  const documents: DocumentView[] = [];
  let next = cursor;
  for (let round = 0; round < HTTP_LIMITS.listRounds; round += 1) {
    const page = await catalog.list({
      tenant: caller.identity.tenant,
      prefix,
      cursor: next,
      limit: limit - documents.length,
    });
    for (const record of page.records) {
      const { kind, role } = decide(caller.rights, record.name, 'read');
      if (kind === 'allowed') documents.push(toDocumentView(record, role));
    }
    next = page.nextCursor;
    if (next === null || documents.length === limit) break;
  }
  return { documents, nextCursor: next };
}
