import type { HistoryIndex } from '../../src/ports/history-index.ts';
import type { SnapshotIndex } from '../../src/ports/snapshot-index.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';
import type { DocumentId } from '../../src/ports/update-log.ts';
import { readStored } from '../../src/rooms/read-stored.ts';

export interface IndexedStores {
  readonly snapshotIndex: SnapshotIndex;
  readonly history: HistoryIndex;
  readonly snapshots: SnapshotStore;
}

/** What a document's indexes name and the stores cannot give, in words; none in a sound store. */
export async function findDangling(stores: IndexedStores, documentId: DocumentId): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const snapshot of await stores.snapshotIndex.list(documentId)) {
    const place = await stores.snapshotIndex.locate(documentId, snapshot.seq);
    const read = await readStored(stores.snapshots, place, snapshot);
    if (read.kind !== 'intact') faults.push(`snapshot ${snapshot.seq} of ${documentId} is ${read.kind}`);
  }
  let end = 0;
  for (const segment of await stores.history.list(documentId, 0, 10_000)) {
    if (segment.fromSeq !== end + 1) faults.push(`segments of ${documentId} have a gap behind ${end}`);
    end = segment.toSeq;
    const read = await readStored(stores.snapshots, await stores.history.locate(documentId, end), segment);
    if (read.kind !== 'intact') faults.push(`segment ${end} of ${documentId} is ${read.kind}`);
  }
  const progress = await stores.history.readProgress(documentId);
  if (progress !== null && progress.archivedSeq !== end) faults.push(`segments of ${documentId} end at ${end}`);
  return faults;
}
