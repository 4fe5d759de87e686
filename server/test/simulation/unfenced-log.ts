import type { AppendBatch, AppendEntry, AppendResult, UpdateLog } from '../../src/ports/update-log.ts';
import type { Immediate, MemoryTables } from '../support/memory-documents.ts';

/** A planted bug: a log that appends whatever epoch an entry has, and to deleted documents as well. */
export function ignoreFence(log: Immediate<UpdateLog>, tables: MemoryTables): Immediate<UpdateLog> {
  const appendOne = (batch: AppendBatch, entry: AppendEntry): AppendResult => {
    const document = tables.documents.get(entry.documentId);
    if (document === undefined) return { kind: 'deleted' };
    const { live } = document;
    document.live = true;
    const [result] = log.append({ ...batch, entries: [{ ...entry, epoch: document.epoch }] });
    document.live = live;
    return result ?? { kind: 'deleted' };
  };
  return { ...log, append: (batch) => batch.entries.map((entry) => appendOne(batch, entry)) };
}
