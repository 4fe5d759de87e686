import { dropFloor, type DropFacts } from '../../src/core/drop-gate.ts';
import type { ConsumerCursors } from '../../src/ports/consumer-cursors.ts';
import type { LogUpkeep } from '../../src/ports/log-upkeep.ts';
import type { RowQuarantine } from '../../src/ports/row-quarantine.ts';
import type { DocumentId } from '../../src/ports/update-log.ts';
import { liveDocument, rowsInOrder, type Immediate, type MemoryTables } from './memory-documents.ts';
import { releaseObject } from './memory-history.ts';
import { rowSumOf } from './memory-update-log.ts';

/** What keeps the log short, in memory, a transaction per call. */
export function createMemoryUpkeep(tables: MemoryTables): Immediate<LogUpkeep> {
  return {
    readBacklog: (after, limit) => {
      const page = [...tables.documents.values()].filter(({ id }) => id > after).slice(0, limit);
      const entries = page.flatMap((document) => {
        const rows = rowsInOrder(document);
        if (!document.live || rows.length === 0) return [];
        const { id: documentId, head, snapshotSeq, archivedSeq } = document;
        const oldestUnarchivedAt = document.rows.get(archivedSeq + 1)?.at ?? null;
        return [{ documentId, head, snapshotSeq, archivedSeq, oldestUnarchivedAt, oldestRowAt: rows[0]?.at ?? null }];
      });
      return { entries, next: page.length < limit ? null : (page.at(-1)?.id ?? null) };
    },
    readDropFacts: (documentId) => factsOf(tables, documentId),
    removeRows: (documentId, { upTo, before, limit }) => {
      const document = tables.documents.get(documentId);
      const facts = factsOf(tables, documentId);
      const rows = rowsInOrder(document);
      if (document === undefined || facts === null) return 0;
      const end = Math.min(upTo, dropFloor(facts), (rows[0]?.seq ?? 0) + limit - 1);
      const removed = rows.filter(({ seq, at }) => seq <= end && at < before);
      for (const { seq } of removed) document.rows.delete(seq);
      return removed.length;
    },
    listDeleted: (before, limit) =>
      [...tables.documents.values()]
        .filter(({ deletedAt, purgedAt }) => deletedAt !== null && deletedAt < before && purgedAt === null)
        .slice(0, limit)
        .map(({ id }) => id),
    purge: (documentId, { limit, at }) => {
      const document = tables.documents.get(documentId);
      if (document === undefined || document.live) return false;
      const rows = rowsInOrder(document).filter((row, _, all) => row.seq < (all[0]?.seq ?? 0) + limit);
      for (const { seq } of rows) document.rows.delete(seq);
      if (rows.length > 0) return false;
      for (const { place } of [...document.snapshots.values(), ...document.segments]) releaseObject(tables, place, at);
      document.snapshots.clear();
      document.segments.length = 0;
      document.quarantined.length = 0;
      document.bindings.clear();
      for (const cursors of tables.cursors.values()) cursors.delete(documentId);
      document.purgedAt = at;
      return true;
    },
  };
}

function factsOf(tables: MemoryTables, documentId: DocumentId): DropFacts | null {
  const document = liveDocument(tables, documentId);
  if (document === null) return null;
  const standing = [...tables.cursors].filter(([, cursors]) => cursors.has(documentId));
  const known = new Set(standing.map(([consumer]) => consumer));
  const atStart = [...tables.consumers].filter(([name, scope]) => scope === 'every-document' && !known.has(name));
  const cursors = [...standing.map(([, seqs]) => seqs.get(documentId) ?? 0), ...atStart.map(() => 0)];
  return { snapshotSeq: document.snapshotSeq, archivedSeq: document.archivedSeq, cursors };
}

/** Consumers' cursors in memory, a transaction per call. */
export function createMemoryCursors(tables: MemoryTables): Immediate<ConsumerCursors> {
  const of = (consumer: string): Map<DocumentId, number> => {
    const cursors = tables.cursors.get(consumer) ?? new Map<DocumentId, number>();
    tables.cursors.set(consumer, cursors);
    return cursors;
  };
  return {
    register: (consumer, scope) => void tables.consumers.set(consumer, scope),
    unregister: (consumer) => {
      tables.consumers.delete(consumer);
      tables.cursors.delete(consumer);
    },
    read: (consumer, documentId) => tables.cursors.get(consumer)?.get(documentId) ?? 0,
    advance: (consumer, documentId, seq) => {
      const cursors = of(consumer);
      cursors.set(documentId, Math.max(seq, cursors.get(documentId) ?? 0));
    },
    advanceAll: (consumer, positions) => {
      const cursors = of(consumer);
      for (const [documentId, seq] of positions) {
        if (liveDocument(tables, documentId) === null) continue;
        cursors.set(documentId, Math.max(seq, cursors.get(documentId) ?? 0));
      }
    },
  };
}

/** Damaged rows in memory, a transaction per call. */
export function createMemoryQuarantine(tables: MemoryTables): Immediate<RowQuarantine> {
  return {
    setAside: (documentId, { epoch, at, rows }) => {
      const document = liveDocument(tables, documentId);
      if (document?.epoch !== epoch) return null;
      for (const { seq, damage, replacement } of rows) {
        const row = document.rows.get(seq);
        const time = row?.at ?? at;
        const { payload = null, sum = null } = row ?? {};
        document.quarantined.push({ seq, at: time, damage, payload, sum, setAsideAt: at });
        document.rows.set(seq, { seq, at: time, payload: replacement, sum: rowSumOf(replacement) });
      }
      document.epoch += 1;
      return document.epoch;
    },
    list: (documentId) =>
      (tables.documents.get(documentId)?.quarantined ?? []).toSorted((one, other) => one.seq - other.seq),
  };
}
