import type { DocumentId } from '../../src/ports/update-log.ts';
import type { SharedStore } from './store-ports.ts';

/** The bytes of a document's newest snapshot, where they are stored; `null` where there are none. */
export function readNewestSnapshot(store: SharedStore, documentId: DocumentId): Uint8Array | null {
  const document = store.tables.documents.get(documentId);
  const place = document?.snapshots.get(document.snapshotSeq)?.place;
  if (place === undefined) return null;
  return place.kind === 'inline' ? place.content : (store.objects.get(place.key) ?? null);
}
