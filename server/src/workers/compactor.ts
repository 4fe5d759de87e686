import { shouldCompact } from '../core/compaction-plan.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentId, SnapshotPointer } from '../ports/update-log.ts';
import { isIntact, loadDocument, sha256Hex, type LoadDeps } from '../rooms/load-document.ts';
import { mergeLoaded } from '../rooms/merge-loaded.ts';
import type { RoomRegistry, Tail } from '../rooms/room-registry.ts';
import type { Service } from '../service.ts';

/**
 * Folds the log's tail into snapshots. Its input is the previous snapshot and committed rows, never a live room. A new
 * object is written, read back and verified before the pointer moves to it, by compare-and-set, so that two nodes at it
 * do no harm and a crash at any point leaves the document as it was.
 */
export interface Compactor extends Service {
  /** Looks at a document's tail and compacts it, when that is due, in the background and one at a time. */
  consider(tail: Tail, idle: boolean): void;
  /** Compacts now. False when there was nothing to fold or somebody else was faster. */
  compact(documentId: DocumentId): Promise<boolean>;
  /** Removes objects that no pointer names any more. */
  sweep(): Promise<number>;
}

export interface CompactorDeps extends LoadDeps {
  readonly clock: Clock;
  readonly rooms: () => RoomRegistry;
}

/** Milliseconds after which a registered key that no pointer names is taken for garbage. */
const INTENT_LIFETIME = 60 * 60 * 1_000;
const SWEEP_BATCH = 100;

export function createCompactor(deps: CompactorDeps): Compactor {
  return new SnapshotCompactor(deps);
}

class SnapshotCompactor implements Compactor {
  readonly name = 'compactor';
  readonly #deps: CompactorDeps;
  readonly #queue = new Set<DocumentId>();
  readonly #last = new Map<DocumentId, number>();
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(deps: CompactorDeps) {
    this.#deps = deps;
  }

  consider(tail: Tail, idle: boolean): void {
    if (this.#stopped || this.#queue.has(tail.documentId)) return;
    const last = this.#last.get(tail.documentId) ?? -Infinity;
    const sinceLast = this.#deps.clock.monotonic() - last;
    const facts = { snapshotBytes: tail.snapshotBytes, tailRows: tail.rows, tailBytes: tail.bytes, idle, sinceLast };
    if (!shouldCompact(facts)) return;
    this.#queue.add(tail.documentId);
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    for (const documentId of this.#queue) {
      if (this.#stopped) break;
      this.#last.set(documentId, this.#deps.clock.monotonic());
      try {
        await this.compact(documentId);
        await this.sweep();
      } catch (error) {
        this.#deps.telemetry.log.warn('compaction_failed', { documentId }, error);
      }
      this.#queue.delete(documentId);
      if (this.#deps.rooms().get(documentId) === null) this.#last.delete(documentId);
    }
    this.#running = null;
  }

  async compact(documentId: DocumentId): Promise<boolean> {
    const { clock, telemetry, log } = this.#deps;
    const begun = clock.monotonic();
    const loaded = await loadDocument(this.#deps, documentId);
    if (loaded.rows.length === 0) return false;
    const state = mergeLoaded(loaded);
    const bytes = state.encode();
    state.destroy();
    const pointer = await this.#store({ documentId, epoch: loaded.epoch, seq: loaded.seq }, bytes);
    const current = await log.readLoadStart(documentId);
    const expected = current?.snapshot?.seq ?? 0;
    // A pointer that moved past us meanwhile is better than ours.
    if (current === null || expected >= pointer.seq) return false;
    if (!(await log.publishSnapshot(documentId, loaded.epoch, expected, pointer))) return false;
    this.#deps.rooms().noteSnapshot(documentId, bytes.byteLength, loaded.rows.length);
    telemetry.metrics.count('snapshots_written_total');
    telemetry.metrics.observe('compaction_seconds', (clock.monotonic() - begun) / 1_000);
    return true;
  }

  async #store(
    place: { readonly documentId: DocumentId; readonly epoch: number; readonly seq: number },
    bytes: Uint8Array,
  ): Promise<SnapshotPointer> {
    const { clock, log, snapshots } = this.#deps;
    const sha256 = sha256Hex(bytes);
    const key = `d/${place.documentId}/${place.epoch}-${place.seq}-${sha256}`;
    const pointer = { seq: place.seq, key, sha256, bytes: bytes.byteLength };
    await log.registerSnapshot(place.documentId, key, clock.now() + INTENT_LIFETIME);
    await snapshots.put(key, bytes);
    const stored = await snapshots.get(key);
    if (stored === null || !isIntact(stored, pointer)) {
      throw new ScriptoriumError('storage-unavailable', 'a snapshot reads back other than it was written');
    }
    return pointer;
  }

  async sweep(): Promise<number> {
    const keys = await this.#deps.log.takeExpiredSnapshots(this.#deps.clock.now(), SWEEP_BATCH);
    for (const key of keys) await this.#deps.snapshots.remove(key);
    return keys.length;
  }

  async drain(milliseconds: number): Promise<void> {
    this.#stopped = true;
    const timeout = new Promise<void>((resolve) => {
      this.#deps.clock.after(milliseconds, resolve);
    });
    if (this.#running !== null) await Promise.race([this.#running, timeout]);
  }
}
