import { DEFAULT_TENANT, parseDocumentName } from '@scriptorium/shared/document-name';
import type { AppendBatch, LogRow, UpdateLog } from '../../src/ports/update-log.ts';
import { addDocument, createMemoryTables, toPort, type StoredDocument } from './memory-documents.ts';
import { createMemoryUpdateLog } from './memory-update-log.ts';

/** A log in memory whose answers a test can hold back, lose or refuse. */
export interface MemoryLog extends UpdateLog {
  add(documentId: number, epoch?: number): void;
  rowsOf(documentId: number): readonly LogRow[];
  fence(documentId: number): void;
  remove(documentId: number): void;
  /** Decides what becomes of each append: `lost` stores it and throws, `down` throws, `busy` stores nothing. */
  onAppend: (batch: AppendBatch) => 'store' | 'lost' | 'down' | 'busy' | Error;
  readonly batches: AppendBatch[];
}

export function createMemoryLog(unavailable: Error): MemoryLog {
  const tables = createMemoryTables();
  const stored = createMemoryUpdateLog(tables);
  const of = (documentId: number): StoredDocument => {
    const document = tables.documents.get(documentId);
    if (document === undefined) throw new Error(`no document ${documentId}`);
    return document;
  };
  const log: MemoryLog = {
    ...toPort(stored),
    batches: [],
    onAppend: () => 'store',
    add: (id, epoch = 1) => {
      const name = parseDocumentName(`document-${id}`);
      if (name === null) throw new Error('not a name');
      addDocument(tables, { id, tenant: DEFAULT_TENANT, name, epoch, createdAt: 0, createdBy: 'ada', tombstone: null });
    },
    rowsOf: (documentId) => [...of(documentId).rows.values()],
    fence: (documentId) => void (of(documentId).epoch += 1),
    remove: (documentId) => void (of(documentId).live = false),
    append: async (batch) => {
      await Promise.resolve();
      log.batches.push(batch);
      const fate = log.onAppend(batch);
      if (fate instanceof Error) throw fate;
      if (fate === 'busy') return batch.entries.map(() => ({ kind: 'busy' }));
      if (fate === 'down') throw unavailable;
      const results = stored.append(batch);
      if (fate === 'lost') throw unavailable;
      return results;
    },
  };
  return log;
}
