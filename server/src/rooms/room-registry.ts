import type { ErrorCode } from '@scriptorium/shared/error-codes';
import { ScriptoriumError } from '../core/errors.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { FanOut } from '../ports/fan-out.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { inBackground, type Service } from '../service.ts';
import type { AwarenessLimits } from './awareness.ts';
import { catchUp } from './catch-up.ts';
import { commitLoaded } from './committed-state.ts';
import { createDocumentCircuits, type DocumentCircuits } from './document-circuits.ts';
import { createHeadComparison, type HeadComparison } from './head-comparison.ts';
import type { LoadDeps } from './load-base.ts';
import { openDocument } from './open-document.ts';
import type { MergeLater } from './merge-loaded.ts';
import { Room, type RoomDeps } from './room.ts';
import { openRoomRelay, type RoomRelay } from './room-relay.ts';
import type { UpdateWriter } from './update-writer.ts';

/** Growth of a document's tail since its newest snapshot, as this node saw it. */
export interface Tail {
  readonly documentId: DocumentId;
  readonly rows: number;
  readonly bytes: number;
  readonly snapshotBytes: number;
  /** The newest snapshot turned out to be damaged, so a new one is due. */
  readonly snapshotDamaged: boolean;
}

/** A snapshot that was published: its size, and how much of the tail it holds. */
export interface FoldedTail {
  readonly snapshotBytes: number;
  readonly rows: number;
  readonly bytes: number;
}

export interface RoomRegistryDeps extends LoadDeps {
  readonly fanOut: FanOut;
  readonly writer: UpdateWriter;
  readonly clock: Clock;
  readonly node: string;
  readonly awarenessLimits: AwarenessLimits;
  /** Largest size that a document may have. */
  readonly documentBytes: number;
  /** Bytes from which on a document is merged only when it was sent, or is edited; a default for people's documents. */
  readonly mergeLaterFrom?: number;
  /** Told after each commit (`idle` false) and when a room closes (`idle` true). */
  readonly onTail: (tail: Tail, idle: boolean) => void;
}

/** Milliseconds an empty room stays, so that a reload of the page does not load the document again. */
const LINGER = 5_000;

/** Bytes from which on a document is sent to whoever asks for it before this node has merged it for itself. */
const MERGE_LATER_FROM = 64 * 1024;
/** Milliseconds after which it is merged when nobody has been sent it. */
const MERGE_BY = 200;

interface Entry {
  readonly room: Room;
  readonly relay: RoomRelay;
  holders: number;
  /** Set while nobody holds the room and it lingers. */
  closing: Timer | null;
  tail: Tail;
}

/** The rooms of this node: opened once however many ask at the same moment, closed when idle and flushed. */
export interface RoomRegistry extends Service {
  /** Opens the document's room and holds it; every `open` needs one `release`. Throws what `loadDocument` throws. */
  open(documentId: DocumentId, tombstone: ReadonlyMap<number, number>): Promise<Room>;
  release(room: Room): void;
  get(documentId: DocumentId): Room | null;
  all(): readonly Room[];
  /** Drops the live document, if it is open here; its clients come back and load it anew. */
  discard(documentId: DocumentId, code: ErrorCode): void;
  /** Tells that a snapshot was published, so that the tail counts from it. */
  noteSnapshot(documentId: DocumentId, folded: FoldedTail): void;
}

export function createRoomRegistry(deps: RoomRegistryDeps): RoomRegistry {
  return new Registry(deps);
}

class Registry implements RoomRegistry {
  readonly name = 'rooms';
  readonly #deps: RoomRegistryDeps;
  readonly #entries = new Map<DocumentId, Entry>();
  readonly #loading = new Map<DocumentId, Promise<Entry>>();
  readonly #heads: HeadComparison;
  readonly #circuits: DocumentCircuits;
  /** Documents that passed for whole and could not be merged: what of them can be shown is known once they are merged. */
  readonly #unusable = new Set<DocumentId>();
  #draining = false;

  constructor(deps: RoomRegistryDeps) {
    this.#deps = deps;
    this.#heads = createHeadComparison(deps);
    this.#circuits = createDocumentCircuits(deps);
  }

  async open(documentId: DocumentId, tombstone: ReadonlyMap<number, number>): Promise<Room> {
    if (this.#draining) throw new ScriptoriumError('shutting-down');
    this.#circuits.check(documentId);
    const entry = this.#entries.get(documentId) ?? (await this.#load(documentId, tombstone));
    if (entry.room.discarded) return this.open(documentId, tombstone);
    entry.holders += 1;
    entry.closing?.cancel();
    entry.closing = null;
    return entry.room;
  }

  #load(documentId: DocumentId, tombstone: ReadonlyMap<number, number>): Promise<Entry> {
    const loading = this.#loading.get(documentId);
    if (loading !== undefined) return loading;
    const relay = openRoomRelay({ ...this.#deps, heads: this.#heads }, documentId);
    const started = this.#start(documentId, tombstone, relay)
      .catch((error: unknown) => {
        relay.close();
        this.#circuits.note(documentId, error);
        throw error;
      })
      .finally(() => {
        this.#loading.delete(documentId);
      });
    this.#loading.set(documentId, started);
    return started;
  }

  async #start(documentId: DocumentId, tombstone: ReadonlyMap<number, number>, relay: RoomRelay): Promise<Entry> {
    const { clock, telemetry } = this.#deps;
    const begun = clock.monotonic();
    const opened = await openDocument(this.#deps, documentId, this.#mergeLater(documentId));
    const { loaded, state, bindings, carried, quarantine } = opened;
    const position = { epoch: loaded.epoch, seq: loaded.seq };
    const room = new Room(this.#roomDeps(), {
      documentId,
      position,
      state,
      committed: commitLoaded(opened),
      bindings,
      tombstone,
      carried,
      quarantine,
    });
    const tail = {
      documentId,
      rows: loaded.rows.length,
      bytes: loaded.tailBytes,
      snapshotBytes: loaded.snapshot?.byteLength ?? 0,
      snapshotDamaged: loaded.passedOver === 'damaged',
    };
    const entry = { room, relay, holders: 0, closing: null, tail };
    this.#entries.set(documentId, entry);
    relay.attach(room);
    clock.after(MERGE_BY, () => {
      state.mergeNow();
    });
    telemetry.metrics.count('rooms_loaded_total');
    telemetry.metrics.gauge('rooms', this.#entries.size);
    telemetry.metrics.observe('load_seconds', (clock.monotonic() - begun) / 1_000);
    if (tail.snapshotDamaged) this.#deps.onTail(tail, false);
    return entry;
  }

  #mergeLater(documentId: DocumentId): MergeLater | null {
    if (this.#unusable.has(documentId)) return null;
    return {
      fromBytes: this.#deps.mergeLaterFrom ?? MERGE_LATER_FROM,
      onUnusable: (error) => {
        this.#unusable.add(documentId);
        this.get(documentId)?.fail(error);
      },
    };
  }

  #roomDeps(): RoomDeps {
    const { writer, fanOut, clock, telemetry, node, awarenessLimits, documentBytes } = this.#deps;
    return {
      writer,
      fanOut,
      clock,
      telemetry,
      node,
      awarenessLimits,
      documentBytes,
      onDiscarded: (room) => {
        telemetry.metrics.count('rooms_discarded_total');
        telemetry.log.warn('room_discarded', { documentId: room.documentId });
        this.#forget(room);
      },
      onFailure: (room, error) => {
        this.#circuits.note(room.documentId, error);
      },
      onGrown: (room, rows, bytes) => {
        this.#onGrown(room, rows, bytes);
      },
      onGap: (room) => {
        inBackground(telemetry.log, 'catch_up_failed', catchUp(this.#deps, room));
      },
    };
  }

  #onGrown(room: Room, rows: number, bytes: number): void {
    const entry = this.#entries.get(room.documentId);
    if (entry === undefined) return;
    entry.tail = { ...entry.tail, rows: entry.tail.rows + rows, bytes: entry.tail.bytes + bytes };
    this.#deps.onTail(entry.tail, false);
  }

  noteSnapshot(documentId: DocumentId, folded: FoldedTail): void {
    const entry = this.#entries.get(documentId);
    if (entry === undefined) return;
    entry.tail = {
      documentId,
      rows: Math.max(0, entry.tail.rows - folded.rows),
      bytes: Math.max(0, entry.tail.bytes - folded.bytes),
      snapshotBytes: folded.snapshotBytes,
      snapshotDamaged: false,
    };
  }

  release(room: Room): void {
    const entry = this.#entries.get(room.documentId);
    if (entry === undefined || entry.room !== room) return;
    entry.holders -= 1;
    if (entry.holders === 0) this.#closeLater(entry);
  }

  #closeLater(entry: Entry): void {
    entry.closing = this.#deps.clock.after(LINGER, () => {
      entry.closing = null;
      inBackground(this.#deps.telemetry.log, 'close_failed', this.#closeIdle(entry));
    });
  }

  async #closeIdle(entry: Entry): Promise<void> {
    await entry.room.whenDurable();
    // Somebody may have come, and gone again, meanwhile.
    if (entry.holders > 0 || entry.closing !== null || this.#entries.get(entry.room.documentId) !== entry) return;
    if (entry.room.discarded) return;
    if (!entry.room.settled) {
      this.#closeLater(entry);
      return;
    }
    this.#forget(entry.room);
    entry.room.close();
    this.#deps.onTail(entry.tail, true);
  }

  #forget(room: Room): void {
    const entry = this.#entries.get(room.documentId);
    if (entry?.room !== room) return;
    entry.relay.close();
    this.#entries.delete(room.documentId);
    this.#deps.telemetry.metrics.gauge('rooms', this.#entries.size);
  }

  get(documentId: DocumentId): Room | null {
    return this.#entries.get(documentId)?.room ?? null;
  }

  all(): readonly Room[] {
    return [...this.#entries.values()].map((entry) => entry.room);
  }

  discard(documentId: DocumentId, code: ErrorCode): void {
    this.get(documentId)?.discard(code);
  }

  /** Lets go of every room that the log has all of; to be drained behind the writer, which brings it there. */
  drain(): Promise<void> {
    this.#draining = true;
    for (const room of this.all()) {
      if (!room.settled) continue;
      this.#forget(room);
      room.close();
    }
    return Promise.resolve();
  }
}
