import { hash } from 'node:crypto';
import type { AppendBatch, AppendResult, LogRow, UpdateLog } from '../../src/ports/update-log.ts';

interface StoredDocument {
  epoch: number;
  deleted: boolean;
  readonly rows: LogRow[];
  readonly writers: Map<string, number>;
}

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
  const documents = new Map<number, StoredDocument>();
  const of = (documentId: number): StoredDocument => {
    const document = documents.get(documentId);
    if (document === undefined) throw new Error(`no document ${documentId}`);
    return document;
  };
  const store = (batch: AppendBatch): AppendResult[] =>
    batch.entries.map((entry) => storeEntry(of(entry.documentId), batch, entry));
  const log: MemoryLog = {
    batches: [],
    onAppend: () => 'store',
    add: (documentId, epoch = 1) =>
      void documents.set(documentId, { epoch, deleted: false, rows: [], writers: new Map() }),
    rowsOf: (documentId) => of(documentId).rows,
    fence: (documentId) => void (of(documentId).epoch += 1),
    remove: (documentId) => void (of(documentId).deleted = true),
    append: async (batch) => {
      await Promise.resolve();
      log.batches.push(batch);
      const fate = log.onAppend(batch);
      if (fate instanceof Error) throw fate;
      if (fate === 'busy') return batch.entries.map(() => ({ kind: 'busy' }));
      if (fate === 'down') throw unavailable;
      const results = store(batch);
      if (fate === 'lost') throw unavailable;
      return results;
    },
    readRows: (documentId, after, limit) =>
      Promise.resolve(
        of(documentId)
          .rows.filter((row) => row.seq > after)
          .slice(0, limit),
      ),
    readHeads: (ids) =>
      Promise.resolve(
        ids.map((documentId) => ({ documentId, epoch: of(documentId).epoch, head: of(documentId).rows.length })),
      ),
    readLoadStart: (documentId) => {
      const { epoch, rows, deleted } = of(documentId);
      const start = { epoch, head: rows.length, archivedSeq: 0, snapshot: null, rows, tailBytes: 0 };
      return Promise.resolve(deleted ? null : start);
    },
    readBindings: () => Promise.resolve([]),
  };
  return log;
}

function storeEntry(document: StoredDocument, batch: AppendBatch, entry: AppendBatch['entries'][number]): AppendResult {
  if (document.deleted) return { kind: 'deleted' };
  if (document.epoch !== entry.epoch) return { kind: 'fenced' };
  const key = `${batch.incarnation}:${batch.flush}`;
  const known = document.writers.get(key);
  if (batch.retry && known !== undefined) return { kind: 'stored', seq: known };
  if (entry.payload === null) return { kind: 'stored', seq: document.rows.length };
  const seq = document.rows.length + 1;
  const sum = hash('sha256', entry.payload, 'buffer').subarray(0, 16);
  document.rows.push({ seq, at: batch.at, payload: entry.payload, sum });
  document.writers.set(key, seq);
  return { kind: 'stored', seq };
}
