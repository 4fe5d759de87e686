import type { HistoryIndex } from './history-index.ts';
import type { SnapshotIndex } from './snapshot-index.ts';
import type { UpdateLog } from './update-log.ts';

/**
 * What reading the past of documents needs of the store. It may come from a replica that is behind, so an answer may
 * lack what is newest; it never lacks anything between what it has. Throws `storage-unavailable`.
 */
export interface PastReads {
  readonly log: Pick<UpdateLog, 'readRows'>;
  readonly history: Pick<HistoryIndex, 'list' | 'locate' | 'findAnew'>;
  readonly snapshotIndex: Pick<SnapshotIndex, 'list' | 'locate'>;
}
