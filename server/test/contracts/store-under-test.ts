import { randomUUID } from 'node:crypto';
import { type DocumentName, parseDocumentName, parseTenant, type Tenant } from '@scriptorium/shared/document-name';
import type { StoredHistory } from '../../src/adapters/sql/stored-history.ts';
import type { DocumentCatalog, DocumentRecord, Removal } from '../../src/ports/document-catalog.ts';
import type { Act } from '../../src/ports/audit-log.ts';
import type { AppendBatch, AppendEntry, AppendResult, DocumentId, UpdateLog } from '../../src/ports/update-log.ts';

/** What those need who follow all documents; a store that is only simulated has nobody to follow it. */
type FollowerPorts = 'directory' | 'searchDeadLetters' | 'searchLeases';

/** A store that can be followed too. */
export interface FollowedStore extends StoreUnderTest, Pick<StoredHistory, FollowerPorts> {}

/** A store as the suites use it. Suites share one, so each test works in a tenant of its own. */
export interface StoreUnderTest extends Omit<StoredHistory, FollowerPorts | 'versions' | 'publications'> {
  readonly log: UpdateLog;
  readonly catalog: DocumentCatalog;
  readonly damage: StoreDamage;
  close(): Promise<void>;
}

/** Looks behind the ports, and does damage there. */
export interface StoreDamage {
  /** The epoch of a document, whether it is live or deleted. */
  readEpoch(documentId: DocumentId): Promise<number>;
  setEpoch(documentId: DocumentId, epoch: number): Promise<void>;
  /** Puts a row where the next append will want to put its own, which an intact store never has. */
  addRowAboveHead(documentId: DocumentId): Promise<void>;
  dropRow(documentId: DocumentId, seq: number): Promise<void>;
  /** Removes all snapshots, and leaves the pointer. */
  dropSnapshots(documentId: DocumentId): Promise<void>;
}

/** Opens the store; a second call, after `close`, opens the same one again. */
export type OpenStore = () => Promise<StoreUnderTest>;

/** The wall-clock time of all that tests store. */
export const AT = 1_764_000_000_000;
/** Who makes all changes in tests, and when. */
export const BY: Act = { user: 'grace', at: AT };

/** An id that no document ever gets in these tests. */
export const UNKNOWN_DOCUMENT = 9_000_000_000;

export function name(text: string): DocumentName {
  const parsed = parseDocumentName(text);
  if (parsed === null) throw new Error(`not a document name: ${text}`);
  return parsed;
}

/** A tenant that no other test has. */
export function newTenant(): Tenant {
  const parsed = parseTenant(`t-${randomUUID()}`);
  if (parsed === null) throw new Error('not a tenant');
  return parsed;
}

/** A live document in a tenant of its own. */
export async function newDocument(store: StoreUnderTest): Promise<DocumentRecord> {
  const { record } = await store.catalog.create(newTenant(), name('notes/one'), 'ada', AT);
  return record;
}

export async function newDocuments(store: StoreUnderTest, count: number): Promise<readonly DocumentRecord[]> {
  return Promise.all(Array.from({ length: count }, () => newDocument(store)));
}

/** A document with so many rows of ten bytes each. */
export async function newDocumentWithRows(store: StoreUnderTest, rows: number, at = AT): Promise<DocumentRecord> {
  const document = await newDocument(store);
  const writer = newWriter(store);
  for (let index = 0; index < rows; index += 1) {
    await store.log.append(writer.batch([entry(document.id, '0123456789')], { at: at + index }));
  }
  return document;
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** An entry at epoch 1 that stores the text. */
export function entry(documentId: DocumentId, text: string, more: Partial<AppendEntry> = {}): AppendEntry {
  return { documentId, epoch: 1, payload: bytes(text), bindings: [], ...more };
}

/** A writer that numbers its flushes. */
export interface TestWriter {
  batch(entries: readonly AppendEntry[], more?: Partial<AppendBatch>): AppendBatch;
  append(...entries: readonly AppendEntry[]): Promise<readonly AppendResult[]>;
}

export function newWriter(store: StoreUnderTest): TestWriter {
  const incarnation = randomUUID();
  let flush = 0;
  const batch: TestWriter['batch'] = (entries, more) => {
    flush += 1;
    return { incarnation, flush, at: AT, retry: false, entries, ...more };
  };
  return { batch, append: (...entries) => store.log.append(batch(entries)) };
}

/** Appends as the update writer does: what was busy goes into the next flush. The last result of each entry. */
export async function appendWhileBusy(
  writer: TestWriter,
  entries: readonly AppendEntry[],
): Promise<readonly AppendResult[]> {
  const results = new Map<DocumentId, AppendResult>();
  for (let left = entries; left.length > 0;) {
    const answers = await writer.append(...left);
    for (const [index, { documentId }] of left.entries()) results.set(documentId, answers[index] ?? { kind: 'busy' });
    left = left.filter(({ documentId }) => results.get(documentId)?.kind === 'busy');
  }
  return entries.map(({ documentId }) => results.get(documentId) ?? { kind: 'busy' });
}

/** Deletes the live document of a name where its log stands now. */
export async function removeNow(
  store: Pick<StoreUnderTest, 'catalog'>,
  at: { readonly tenant: Tenant; readonly name: DocumentName },
  more: { readonly stateVector?: Uint8Array; readonly at?: number } = {},
): Promise<Removal> {
  const resolution = await store.catalog.resolve(at.tenant, at.name);
  const { epoch, head: seq } = resolution.kind === 'found' ? resolution.record : { epoch: 1, head: 0 };
  const last = { epoch, seq, stateVector: more.stateVector ?? new Uint8Array([0]) };
  return store.catalog.remove(at.tenant, at.name, last, { user: 'grace', at: more.at ?? AT });
}

/** Sequence number and text of each row. */
export async function readTexts(
  store: StoreUnderTest,
  documentId: DocumentId,
): Promise<readonly (readonly [number, string])[]> {
  const rows = await store.log.readRows(documentId, 0, 10_000);
  return rows.map((row) => [row.seq, new TextDecoder().decode(row.payload)] as const);
}
