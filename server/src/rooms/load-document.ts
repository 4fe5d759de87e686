import { ScriptoriumError } from '../core/errors.ts';
import { bytesInLogRow, decodeLogRow, type LogSegment } from '../core/log-row.ts';
import type { SnapshotPointer } from '../ports/snapshot-pointer.ts';
import type { ClientBinding, DocumentId, LoadStart } from '../ports/update-log.ts';
import { chooseBase, type LoadBase, type LoadDeps, type MissingBase } from './load-base.ts';
import { checkRow, readLog, type LostRange, type ReadRow } from './read-log.ts';

/** A row above the snapshot, which can be decoded. */
export interface LoadedRow {
  readonly seq: number;
  /**
   * Decoded anew each time: ten thousand rows that wait in objects of their own, at the moment when everything is made of
   * them, cost the collector more than decoding them twice.
   */
  readonly segments: readonly LogSegment[];
}

class SoundRow implements LoadedRow {
  readonly seq: number;
  readonly #payload: Uint8Array;

  constructor(seq: number, payload: Uint8Array) {
    this.seq = seq;
    this.#payload = payload;
  }

  get segments(): readonly LogSegment[] {
    return decodeLogRow(this.#payload);
  }
}

/** A document's committed past, ready to be merged: exactly the rows up to `seq`, but for those in `damage`. */
export interface LoadedDocument {
  readonly epoch: number;
  readonly seq: number;
  /** Encoded state of the snapshot, `null` without one, and where it stands. */
  readonly snapshot: Uint8Array | null;
  readonly snapshotSeq: number;
  /** Rows above the snapshot, decoded, in order. */
  readonly rows: readonly LoadedRow[];
  /** Bytes of the updates in those rows. */
  readonly tailBytes: number;
  /** Rows that are missing or cannot be read, in order; a document without any is whole. */
  readonly damage: readonly LostRange[];
  /** Why the newest snapshot was passed over, if it was. */
  readonly passedOver: 'damaged' | 'unavailable' | null;
  /** Whose the clientIDs are: those of all rows up to `seq`, and perhaps of later ones. */
  readonly bindings: readonly ClientBinding[];
}

export interface LoadOptions {
  /** Passes over snapshots from this one on, which were found to be of no use. */
  readonly belowSeq?: number;
}

/** How often a load starts over because the snapshot pointer, or rows, moved under it. */
const MAX_STARTS = 4;

/**
 * Reads a document from the newest snapshot that is of use and the rows above it. A damaged or unreachable snapshot is
 * passed over for an older one and more rows, from history segments too, and at last for all rows.
 *
 * Throws `document-deleted` when it is gone, `storage-unavailable` when a store that is needed does not answer.
 */
export async function loadDocument(
  deps: LoadDeps,
  documentId: DocumentId,
  options: LoadOptions = {},
): Promise<LoadedDocument> {
  let missing: SnapshotPointer | null = null;
  for (let attempt = 1; ; attempt += 1) {
    const start = await deps.log.readLoadStart(documentId);
    if (start === null) throw new ScriptoriumError('document-deleted');
    if (attempt >= MAX_STARTS) missing = start.snapshot;
    const [base, bindings]: [LoadBase | MissingBase, readonly ClientBinding[]] = await Promise.all([
      chooseBase(deps, documentId, { start, missing, belowSeq: options.belowSeq ?? Infinity }),
      deps.log.readBindings(documentId),
    ]);
    if (base.kind === 'missing') {
      missing = base.pointer;
      continue;
    }
    const tail = await readTail(deps, documentId, { start, base });
    const isTorn = tail.damage.some(({ damage }) => damage === 'missing');
    if (!isTorn || attempt >= MAX_STARTS) return { ...toLoaded(start, base, tail), bindings };
  }
}

interface Tail {
  readonly rows: readonly LoadedRow[];
  readonly tailBytes: number;
  readonly damage: readonly LostRange[];
}

async function readTail(
  deps: LoadDeps,
  documentId: DocumentId,
  from: { readonly start: LoadStart; readonly base: LoadBase },
): Promise<Tail> {
  const { start, base } = from;
  const rows: LoadedRow[] = [];
  const damage: LostRange[] = [];
  let tailBytes = 0;
  const take = ({ seq, intact, payload }: ReadRow): void => {
    const bytes = intact ? bytesOfRow(payload) : null;
    if (bytes === null) {
      damage.push({ fromSeq: seq, toSeq: seq, damage: intact ? 'undecodable' : 'checksum' });
      return;
    }
    tailBytes += bytes;
    rows.push(new SoundRow(seq, payload));
  };
  let after = base.seq;
  for (const row of start.rows) {
    if (row.seq !== after + 1 || row.seq > start.head) break;
    after = row.seq;
    take(checkRow(row));
  }
  for await (const page of readLog(deps, documentId, { after, upTo: start.head })) {
    if (page.kind === 'rows') page.rows.forEach(take);
    else damage.push({ fromSeq: page.fromSeq, toSeq: page.toSeq, damage: page.damage });
  }
  return { rows, tailBytes, damage };
}

/** Bytes of the updates in a row; `null` when it cannot be decoded. */
function bytesOfRow(payload: Uint8Array): number | null {
  try {
    return bytesInLogRow(payload);
  } catch {
    return null;
  }
}

function toLoaded(start: LoadStart, base: LoadBase, tail: Tail): Omit<LoadedDocument, 'bindings'> {
  return {
    ...tail,
    epoch: start.epoch,
    seq: start.head,
    snapshot: base.bytes,
    snapshotSeq: base.seq,
    passedOver: base.passedOver,
  };
}
