import { hash } from 'node:crypto';
import { ScriptoriumError } from '../../src/core/errors.ts';
import type { HistoryIndex, HistorySegment } from '../../src/ports/history-index.ts';
import type { ObjectRegister } from '../../src/ports/object-register.ts';
import type { SnapshotIndex } from '../../src/ports/snapshot-index.ts';
import type { SnapshotPointer, StoredPlace } from '../../src/ports/snapshot-pointer.ts';
import { copyPlace, liveDocument, type Immediate, type MemoryTables, type StoredDocument } from './memory-documents.ts';

/** The register of objects in memory, a transaction per call. */
export function createMemoryRegister(tables: MemoryTables): Immediate<ObjectRegister> {
  return {
    register: (documentId, key, expiresAt) => {
      if (tables.register.has(key)) throw new Error('a key is never used twice');
      tables.register.set(key, { documentId, key, expiresAt, state: 'registered' });
    },
    takeExpired: ({ now, retryAt, limit }) => {
      const expired = [...tables.register.values()].filter((key) => key.state !== 'named' && key.expiresAt < now);
      const taken = expired.toSorted((one, other) => one.expiresAt - other.expiresAt).slice(0, limit);
      for (const key of taken) Object.assign(key, { state: 'taken', expiresAt: retryAt });
      return taken.map(({ key }) => key);
    },
    listUnnamed: (documentId, after, limit) =>
      [...tables.register.values()]
        .filter((it) => it.documentId === documentId && it.state !== 'named' && it.key > after)
        .map(({ key }) => key)
        .toSorted()
        .slice(0, limit),
    take: (key, retryAt) => {
      const known = tables.register.get(key);
      if (known === undefined || known.state === 'named') return false;
      Object.assign(known, { state: 'taken', expiresAt: retryAt });
      return true;
    },
    forget: (keys) => {
      for (const key of keys) if (tables.register.get(key)?.state === 'taken') tables.register.delete(key);
    },
  };
}

/** The index of snapshots in memory, a transaction per call. */
export function createMemorySnapshotIndex(tables: MemoryTables): Immediate<SnapshotIndex> {
  return {
    publish: ({ documentId, epoch, expectedSeq, snapshot }) => {
      const document = liveDocument(tables, documentId);
      if (document?.epoch !== epoch || document.snapshotSeq !== expectedSeq) return false;
      if (snapshot.seq < expectedSeq || document.head < snapshot.seq) return false;
      if (!nameObject(tables, document, snapshot)) return false;
      const replaced = document.snapshots.get(snapshot.seq);
      if (replaced !== undefined) releaseObject(tables, replaced.place, snapshot.at);
      document.snapshots.set(snapshot.seq, { ...snapshot, place: copyPlace(snapshot.place) });
      document.snapshotSeq = snapshot.seq;
      return true;
    },
    list: (documentId) => {
      const snapshots = [...(tables.documents.get(documentId)?.snapshots.values() ?? [])];
      return snapshots
        .toSorted((one, other) => other.seq - one.seq)
        .map((snapshot) => ({ ...snapshot, place: snapshot.place.kind }));
    },
    locate: (documentId, seq) => copyFound(tables.documents.get(documentId)?.snapshots.get(seq)),
    retire: (documentId, seqs, removableAt) => {
      const document = tables.documents.get(documentId);
      for (const seq of seqs) {
        const snapshot = document?.snapshots.get(seq);
        if (snapshot === undefined || seq === document?.snapshotSeq) continue;
        releaseObject(tables, snapshot.place, removableAt);
        document?.snapshots.delete(seq);
      }
    },
  };
}

/** The index of history segments in memory, a transaction per call. */
export function createMemoryHistory(tables: MemoryTables): Immediate<HistoryIndex> {
  return {
    readProgress: (documentId) => {
      const document = liveDocument(tables, documentId);
      if (document === null) return null;
      const { tenant, epoch, head, snapshotSeq, archivedSeq } = document;
      return { tenant, epoch, head, snapshotSeq, archivedSeq };
    },
    publish: (documentId, segment, epoch) => {
      const document = liveDocument(tables, documentId);
      if (document?.epoch !== epoch || segment.fromSeq !== document.archivedSeq + 1) return false;
      if (segment.toSeq < segment.fromSeq || document.head < segment.toSeq) return false;
      if (!nameObject(tables, document, segment)) return false;
      document.segments.push({ ...segment, place: copyPlace(segment.place) });
      document.archivedSeq = segment.toSeq;
      return true;
    },
    list: (documentId, after, limit) =>
      (tables.documents.get(documentId)?.segments ?? [])
        .filter(({ toSeq }) => toSeq > after)
        .slice(0, limit)
        .map((segment) => ({ ...segment, place: segment.place.kind })),
    findAnew: (documentId, toSeq) => {
      const segment = tables.documents.get(documentId)?.segments.find((it) => it.toSeq === toSeq);
      return segment === undefined ? null : { ...segment, place: copyPlace(segment.place) };
    },
    locate: (documentId, toSeq) =>
      copyFound(tables.documents.get(documentId)?.segments.find((segment) => segment.toSeq === toSeq)),
  };
}

/** What damage does to the stored bytes later is not to reach those who have read them. */
function copyFound(found: { readonly place: StoredPlace } | undefined): StoredPlace | null {
  return found === undefined ? null : copyPlace(found.place);
}

/** Keeps sweepers off an object from now on; false when its key may not be named. Inline bytes are read back. */
function nameObject(
  tables: MemoryTables,
  document: StoredDocument,
  what: Pick<SnapshotPointer | HistorySegment, 'place' | 'sha256'>,
): boolean {
  if (what.place.kind === 'inline') {
    if (hash('sha256', what.place.content, 'hex') === what.sha256) return true;
    throw new ScriptoriumError('storage-unavailable', 'inline bytes read back other than they were written');
  }
  const key = tables.register.get(what.place.key);
  if (key?.documentId !== document.id || key.state !== 'registered') return false;
  key.state = 'named';
  return true;
}

/** Lets sweepers have an object from the time on. */
export function releaseObject(tables: MemoryTables, place: StoredPlace, removableAt: number): void {
  const key = place.kind === 'object' ? tables.register.get(place.key) : undefined;
  if (key?.state === 'named') Object.assign(key, { state: 'registered', expiresAt: removableAt });
}
