import type { ListedSnapshot, SnapshotIndex } from '../ports/snapshot-index.ts';
import type { SnapshotPointer } from '../ports/snapshot-pointer.ts';
import type { DocumentId, LoadStart } from '../ports/update-log.ts';
import type { LogDeps } from './read-log.ts';
import { readStored, type StoredRead } from './read-stored.ts';

export interface LoadDeps extends LogDeps {
  readonly snapshotIndex: SnapshotIndex;
}

/** What a load builds on: the bytes of a snapshot, or nothing at all. */
export interface LoadBase {
  readonly kind: 'base';
  readonly seq: number;
  readonly bytes: Uint8Array | null;
  /** Why the newest snapshot is not it. */
  readonly passedOver: 'damaged' | 'unavailable' | null;
}

/** The newest snapshot's object was not there: perhaps it was given up while it was asked for. */
export interface MissingBase {
  readonly kind: 'missing';
  readonly pointer: SnapshotPointer;
}

export interface BaseQuestion {
  readonly start: LoadStart;
  /** The pointer whose object was not there when the load began. */
  readonly missing: SnapshotPointer | null;
  /** Only snapshots below this number. */
  readonly belowSeq: number;
}

const FROM_THE_BEGINNING = { kind: 'base', seq: 0, bytes: null } as const;

/** The newest snapshot that can be read and whose checksum holds; without one, the beginning. */
export async function chooseBase(
  deps: LoadDeps,
  documentId: DocumentId,
  question: BaseQuestion,
): Promise<LoadBase | MissingBase> {
  const newest = question.start.snapshot;
  if (newest === null) return { ...FROM_THE_BEGINNING, passedOver: null };
  if (newest.seq >= question.belowSeq) return chooseOlder(deps, documentId, { ...question, storeAnswers: true });
  const read = await readStored(deps.snapshots, newest.place, newest);
  if (read.kind === 'intact') return { kind: 'base', seq: newest.seq, bytes: read.bytes, passedOver: null };
  if (read.kind === 'damaged' && read.missing && !isSame(question.missing, newest)) {
    return { kind: 'missing', pointer: newest };
  }
  note(deps, { documentId, seq: newest.seq }, read);
  return chooseOlder(deps, documentId, { ...question, storeAnswers: read.kind !== 'unavailable' });
}

/** Goes through the older snapshots. A store that did not answer once is not asked again for the others. */
async function chooseOlder(
  deps: LoadDeps,
  documentId: DocumentId,
  question: BaseQuestion & { readonly storeAnswers: boolean },
): Promise<LoadBase> {
  let { storeAnswers } = question;
  const passedOver = (): 'damaged' | 'unavailable' => (storeAnswers ? 'damaged' : 'unavailable');
  const isOlder = ({ seq }: ListedSnapshot): boolean =>
    seq < question.belowSeq && seq < (question.start.snapshot?.seq ?? 0);
  for (const listed of (await deps.snapshotIndex.list(documentId)).filter(isOlder)) {
    if (listed.place === 'object' && !storeAnswers) continue;
    const place = await deps.snapshotIndex.locate(documentId, listed.seq);
    if (place === null) continue;
    const read = await readStored(deps.snapshots, place, listed);
    if (read.kind === 'intact') return { kind: 'base', seq: listed.seq, bytes: read.bytes, passedOver: passedOver() };
    note(deps, { documentId, seq: listed.seq }, read);
    if (read.kind === 'unavailable') storeAnswers = false;
  }
  return { ...FROM_THE_BEGINNING, passedOver: passedOver() };
}

function isSame(one: SnapshotPointer | null, other: SnapshotPointer): boolean {
  if (one === null || one.seq !== other.seq || one.place.kind !== other.place.kind) return false;
  return one.place.kind === 'inline' || other.place.kind === 'inline' || one.place.key === other.place.key;
}

function note(
  deps: LoadDeps,
  snapshot: { readonly documentId: DocumentId; readonly seq: number },
  read: Exclude<StoredRead, { kind: 'intact' }>,
): void {
  if (read.kind === 'unavailable') {
    deps.telemetry.log.warn('snapshot_unreachable', snapshot, read.error);
    return;
  }
  deps.telemetry.metrics.count('snapshot_checksum_failures_total');
  deps.telemetry.log.error('snapshot_damaged', { ...snapshot, missing: read.missing });
}
