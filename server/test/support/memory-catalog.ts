import { parseDocumentName, type DocumentName, type Tenant } from '@scriptorium/shared/document-name';
import * as Y from 'yjs';
import { ScriptoriumError } from '../../src/core/errors.ts';
import type { DocumentCatalog, DocumentSeed } from '../../src/ports/document-catalog.ts';
import { addDocument, toRecord, type Immediate, type MemoryTables, type StoredName } from './memory-documents.ts';
import { appendEntry } from './memory-update-log.ts';

const NO_SEED: DocumentSeed = { payload: null, bindings: [], title: null, metadata: {} };

/** The catalog in memory, a transaction per call. */
export function createMemoryCatalog(tables: MemoryTables): Immediate<DocumentCatalog> {
  const nameOf = (tenant: Tenant, name: DocumentName): StoredName | undefined => tables.names.get(`${tenant}/${name}`);
  const claim = (tenant: Tenant, name: DocumentName): StoredName => {
    const known = nameOf(tenant, name);
    if (known !== undefined) return known;
    const unused: StoredName = {
      tenant,
      name,
      state: 'unused',
      documentId: null,
      epoch: 0,
      tombstone: null,
      changedAt: 0,
    };
    tables.names.set(`${tenant}/${name}`, unused);
    return unused;
  };
  const documentOf = ({ documentId }: StoredName) => {
    const document = tables.documents.get(documentId ?? -1);
    if (document === undefined) throw new Error('a name leads to no document');
    return document;
  };
  /** The highest epoch that the name ever led to, the one that it redirects to included. */
  const highestEpoch = (at: StoredName): number =>
    at.state === 'renamed' ? Math.max(at.epoch, documentOf(at).epoch) : at.epoch;

  const createWith: Immediate<DocumentCatalog>['createWith'] = (tenant, name, { user, at, seed }) => {
    const claimed = claim(tenant, name);
    if (claimed.state === 'live') return { kind: 'exists', record: toRecord(documentOf(claimed)) };
    const epoch = highestEpoch(claimed) + 1;
    const { tombstone } = claimed;
    const document = addDocument(tables, { tenant, name, epoch, createdAt: at, createdBy: user, tombstone });
    Object.assign(claimed, { state: 'live', documentId: document.id, changedAt: at });
    Object.assign(document, { title: seed.title, metadata: seed.metadata });
    if (seed.payload !== null) {
      const entry = { documentId: document.id, epoch, payload: seed.payload, bindings: seed.bindings };
      appendEntry(tables, { incarnation: 'seed', flush: document.id, at, retry: false, entries: [entry] }, entry);
    }
    return { kind: 'created', record: toRecord(document) };
  };

  return {
    resolve: (tenant, name) => {
      const at = nameOf(tenant, name);
      if (at === undefined || at.state === 'unused') return { kind: 'absent' };
      if (at.state === 'deleted') return { kind: 'deleted', deletedAt: at.changedAt };
      const document = documentOf(at);
      const kind = at.state === 'live' ? 'found' : 'renamed';
      return { kind, record: toRecord(document), tombstone: document.tombstone };
    },
    create: (tenant, name, user, at) => createWith(tenant, name, { user, at, seed: NO_SEED }),
    createWith,
    describe: (tenant, name, { title, metadata }, expected) => {
      const at = nameOf(tenant, name);
      if (at?.state !== 'live') return { kind: 'absent' };
      const document = documentOf(at);
      if (expected !== undefined && expected !== document.revision) return { kind: 'moved' };
      const merged = Object.entries({ ...document.metadata, ...metadata }).filter(([, value]) => value !== null);
      Object.assign(document, { metadata: Object.fromEntries(merged), revision: document.revision + 1 });
      if (title !== undefined) document.title = title;
      return { kind: 'described', record: toRecord(document) };
    },
    list: ({ tenant, prefix, cursor, limit }) => {
      const after = cursor === null ? '' : decodeCursor(cursor);
      const documents = [...tables.documents.values()].filter(
        (it) => it.live && it.tenant === tenant && it.name.startsWith(prefix) && it.name > after,
      );
      const sorted = documents.toSorted((one, other) => (one.name < other.name ? -1 : 1));
      const records = sorted.slice(0, limit).map(toRecord);
      const last = sorted.length > limit ? records.at(-1) : undefined;
      return { records, nextCursor: last === undefined ? null : Buffer.from(last.name).toString('base64url') };
    },
    rename: (tenant, from, to, { at }) => {
      const old = nameOf(tenant, from);
      if (old?.state !== 'live') return { kind: 'absent' };
      const claimed = claim(tenant, to);
      if (claimed.state === 'live') return { kind: 'exists' };
      const document = documentOf(old);
      const hasPast = claimed.state !== 'unused' && claimed.documentId !== document.id;
      if (hasPast) {
        document.epoch = Math.max(document.epoch, highestEpoch(claimed)) + 1;
        document.tombstone = mergeVectors(document.tombstone, claimed.tombstone);
      }
      Object.assign(old, { state: 'renamed', changedAt: at });
      Object.assign(claimed, { state: 'live', documentId: document.id, changedAt: at });
      document.name = to;
      return { kind: 'renamed', record: toRecord(document) };
    },
    remove: (tenant, name, last, { at }) => {
      const claimed = nameOf(tenant, name);
      if (claimed?.state !== 'live') return 'absent';
      const document = documentOf(claimed);
      if (document.epoch !== last.epoch || document.head !== last.seq) return 'moved';
      for (const leading of tables.names.values()) {
        if (leading.documentId !== document.id) continue;
        const epoch = Math.max(leading.epoch, document.epoch);
        const tombstone = mergeVectors(leading.tombstone, last.stateVector);
        Object.assign(leading, { state: 'deleted', changedAt: at, epoch, tombstone });
      }
      document.epoch += 1;
      document.live = false;
      document.deletedAt = at;
      return 'removed';
    },
  };
}

function mergeVectors(one: Uint8Array | null, other: Uint8Array | null): Uint8Array | null {
  if (one === null || other === null) return one ?? other;
  const clocks = Y.decodeStateVector(one);
  for (const [client, clock] of Y.decodeStateVector(other)) {
    clocks.set(client, Math.max(clock, clocks.get(client) ?? 0));
  }
  return Y.encodeStateVector(clocks);
}

function decodeCursor(cursor: string): DocumentName {
  const name = parseDocumentName(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (name === null) throw new ScriptoriumError('bad-request', 'the cursor is not valid');
  return name;
}
