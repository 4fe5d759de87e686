import { backoffDelay } from '../core/backoff.ts';
import { shouldCompact } from '../core/compaction-plan.ts';
import { ScriptoriumError } from '../core/errors.ts';
import { updatesOf } from '../core/pending-row.ts';
import { planRetention } from '../core/retention-plan.ts';
import type { Timer } from '../ports/clock.ts';
import type { SnapshotPointer } from '../ports/snapshot-pointer.ts';
import type { StateMerger } from '../ports/state-merger.ts';
import type { DocumentId } from '../ports/update-log.ts';
import type { LoadDeps } from '../rooms/load-base.ts';
import { loadDocument, type LoadedDocument } from '../rooms/load-document.ts';
import type { FoldedTail, Tail } from '../rooms/room-registry.ts';
import type { Service } from '../service.ts';
import type { Archiver } from './archiver.ts';
import { publishState, type PublishDeps } from './publish-state.ts';

/**
 * Folds the log's tail into snapshots. Its input is the previous snapshot and committed rows, never a live room, and
 * never a document in which something is damaged. A snapshot is loaded back once, and read back from where it is stored,
 * before the pointer moves to it by compare-and-set; so two nodes at it do no harm, and a crash at any point leaves the
 * document as it was.
 */
export interface Compactor extends Service {
  /**
   * Looks at a document's tail and compacts it, when that is due, in the background and one at a time. While the object
   * store is away the large ones wait: merging what cannot be stored would only be work for nothing.
   */
  consider(tail: Tail, idle: boolean): void;
  /** Compacts now. False when there was nothing to fold, nothing that may be folded, or somebody else was faster. */
  compact(documentId: DocumentId): Promise<boolean>;
}

/** The rooms, as the compactor sees them. */
export interface CompactedRooms {
  get(documentId: DocumentId): unknown;
  noteSnapshot(documentId: DocumentId, folded: FoldedTail): void;
}

export interface CompactorDeps extends LoadDeps, PublishDeps {
  readonly merger: StateMerger;
  readonly archiver: Archiver;
  readonly rooms: () => CompactedRooms;
  /** Days of which the last snapshot is kept. */
  readonly keepDays: number;
}

/** Milliseconds that a snapshot which was given up can still be read by a load that has just begun. */
const RETIREMENT = 60 * 60 * 1_000;
/** Milliseconds until an object store that was away is tried again. */
const STORE_RETRY = { first: 5_000, most: 5 * 60 * 1_000 };
/** No object has this key: removing it costs a request, and tells whether the store is back before anything is merged. */
const NO_OBJECT = 't/none';

export function createCompactor(deps: CompactorDeps): Compactor {
  return new SnapshotCompactor(deps);
}

class SnapshotCompactor implements Compactor {
  readonly name = 'compactor';
  readonly #deps: CompactorDeps;
  /** Documents to compact, and whether their snapshot is one for the object store. */
  readonly #queue = new Map<DocumentId, boolean>();
  readonly #last = new Map<DocumentId, number>();
  #running: Promise<void> | null = null;
  #stopped = false;
  /** Runs while the object store is not tried. */
  #storeAway: Timer | null = null;
  #storeFailures = 0;

  constructor(deps: CompactorDeps) {
    this.#deps = deps;
  }

  consider(tail: Tail, idle: boolean): void {
    if (this.#stopped || this.#queue.has(tail.documentId)) return;
    const last = this.#last.get(tail.documentId) ?? -Infinity;
    const sinceLast = this.#deps.clock.monotonic() - last;
    const { snapshotBytes, rows: tailRows, bytes: tailBytes, snapshotDamaged } = tail;
    if (!shouldCompact({ snapshotBytes, tailRows, tailBytes, snapshotDamaged, idle, sinceLast })) return;
    this.#queue.set(tail.documentId, snapshotBytes + tailBytes > this.#deps.inlineSnapshotBytes);
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    // It must not end in the turn in which it begins, before anybody has noted that it runs.
    await Promise.resolve();
    for (let next = this.#next(); next !== null; next = this.#next()) await this.#take(next);
    this.#running = null;
  }

  /** The first document in the queue that need not wait for the store. */
  #next(): DocumentId | null {
    if (this.#stopped) return null;
    for (const [documentId, isLarge] of this.#queue) if (!isLarge || this.#storeAway === null) return documentId;
    return null;
  }

  async #take(documentId: DocumentId): Promise<void> {
    const { clock, snapshots, archiver, telemetry, rooms } = this.#deps;
    const isLarge = this.#queue.get(documentId) === true;
    this.#queue.delete(documentId);
    this.#last.set(documentId, clock.monotonic());
    let hasAnswered = false;
    try {
      if (isLarge && this.#storeFailures > 0) {
        await snapshots.remove(NO_OBJECT);
        this.#storeFailures = 0;
        hasAnswered = true;
      }
      await this.compact(documentId);
      await archiver.archive(documentId, false);
    } catch (error) {
      telemetry.log.warn('compaction_failed', { documentId }, error);
      // Where the store has just answered, it is this document that fails, and the others do not wait for it.
      if (isLarge && isUnavailable(error) && !hasAnswered && !this.#stopped) {
        this.#queue.set(documentId, true);
        this.#waitForStore();
        return;
      }
    }
    if (rooms().get(documentId) === null) this.#last.delete(documentId);
  }

  /** What waits in the queue is tried again after a while, which grows. */
  #waitForStore(): void {
    const { clock } = this.#deps;
    const delay = backoffDelay(this.#storeFailures, STORE_RETRY, clock.random());
    this.#storeFailures += 1;
    this.#storeAway = clock.after(delay, () => {
      this.#storeAway = null;
      this.#running ??= this.#work();
    });
  }

  async compact(documentId: DocumentId): Promise<boolean> {
    const { clock, telemetry } = this.#deps;
    const begun = clock.monotonic();
    const loaded = await loadDocument(this.#deps, documentId);
    if (!this.#mayFold(documentId, loaded)) return false;
    const updates = loaded.rows.flatMap((row) => updatesOf(row.segments));
    const merged = await this.#deps.merger.merge({ snapshot: loaded.snapshot, updates });
    if (merged.kind === 'unmergeable') {
      telemetry.log.error('compaction_refused', { documentId, reason: merged.reason });
      return false;
    }
    const snapshot = await this.#publish(documentId, loaded, merged);
    if (snapshot === null) return false;
    const folded = { snapshotBytes: snapshot.bytes, rows: loaded.rows.length, bytes: loaded.tailBytes };
    this.#deps.rooms().noteSnapshot(documentId, folded);
    telemetry.metrics.count('snapshots_written_total');
    telemetry.metrics.observe('compaction_seconds', (clock.monotonic() - begun) / 1_000);
    await this.#thinOut(documentId);
    return true;
  }

  /** A snapshot of a damaged document would make the loss look like the truth. */
  #mayFold(documentId: DocumentId, loaded: LoadedDocument): boolean {
    if (loaded.damage.length > 0) {
      this.#deps.telemetry.log.error('compaction_refused', { documentId, reason: 'rows are damaged' });
      return false;
    }
    // While the store is away its snapshot is as good as ever, and a new one could not be written.
    return loaded.rows.length > 0 && loaded.passedOver !== 'unavailable';
  }

  async #publish(
    documentId: DocumentId,
    loaded: LoadedDocument,
    merged: { readonly state: Uint8Array; readonly sha256: string },
  ): Promise<SnapshotPointer | null> {
    const progress = await this.#deps.history.readProgress(documentId);
    if (progress === null) return null;
    const { tenant, snapshotSeq: expectedSeq } = progress;
    const { epoch, seq } = loaded;
    // A pointer that moved past us meanwhile is better than ours; one beside ours only gives way when it is damaged.
    const isOurs = loaded.passedOver === 'damaged' ? expectedSeq <= seq : expectedSeq < seq;
    if (!isOurs) return null;
    return publishState(this.#deps, { ...merged, tenant, documentId, epoch, seq, expectedSeq });
  }

  async #thinOut(documentId: DocumentId): Promise<void> {
    const { snapshotIndex, clock, keepDays: days } = this.#deps;
    const kept = await snapshotIndex.list(documentId);
    const givenUp = planRetention(kept, { now: clock.now(), days });
    await snapshotIndex.retire(documentId, givenUp, clock.now() + RETIREMENT);
  }

  async drain(): Promise<void> {
    this.#stopped = true;
    this.#storeAway?.cancel();
    await this.#running;
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ScriptoriumError && error.code === 'storage-unavailable';
}
