import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Clock } from '../ports/clock.ts';
import type { DocumentCatalog } from '../ports/document-catalog.ts';
import type { ErasureRecord } from '../ports/erasure-store.ts';
import type { LiveDocuments } from '../ports/live-documents.ts';
import type { DocumentId } from '../ports/update-log.ts';
import type { DocumentEraser } from './document-eraser.ts';

export interface EraseNamedDeps {
  readonly catalog: Pick<DocumentCatalog, 'resolve' | 'remove'>;
  readonly documents: Pick<LiveDocuments, 'retire'>;
  readonly eraser: Pick<DocumentEraser, 'erase'>;
  readonly clock: Clock;
}

export interface NamedErasure {
  readonly tenant: Tenant;
  readonly name: DocumentName;
  /** Who wants it. */
  readonly by: string;
  /** Where it is given, a document of the name is deleted only if it is this one. */
  readonly documentId?: DocumentId;
}

/**
 * Deletes the document of a name, if there is one, and erases it and all deleted ones that had the name. `null` when there
 * is nothing of the name, or it leads to a document that is called otherwise now.
 */
export async function eraseNamed(deps: EraseNamedDeps, erasure: NamedErasure): Promise<ErasureRecord | null> {
  const { catalog, documents, eraser, clock } = deps;
  const { tenant, name, by, documentId } = erasure;
  const resolution = await catalog.resolve(tenant, name);
  if (resolution.kind === 'renamed') return null;
  if (resolution.kind === 'found' && (documentId ?? resolution.record.id) === resolution.record.id) {
    await documents.retire(resolution.record, 'deleted', async (last) => {
      const removal = await catalog.remove(tenant, name, last, { user: by, at: clock.now() });
      // Who finds it absent was not the first to delete it.
      return removal === 'moved' ? { kind: 'moved' } : { kind: 'done', result: null };
    });
  }
  return eraser.erase(tenant, name, by);
}
