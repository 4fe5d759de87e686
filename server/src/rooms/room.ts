import type { ErrorCode } from '@scriptorium/shared/error-codes';
import type { CarriedRanges } from '../core/fork-carried.ts';
import { bytesOf, createPendingRow, encodePendingRow, updatesOf } from '../core/pending-row.ts';
import type { LogSegment } from '../core/log-row.ts';
import type { Position } from '../core/sequence.ts';
import type { Clock } from '../ports/clock.ts';
import type { FanOut } from '../ports/fan-out.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { AppendEntry, DocumentId } from '../ports/update-log.ts';
import { guardClock } from '../observability/guard-clock.ts';
import { createRoomAwareness, type AwarenessLimits, type RoomAwareness } from './awareness.ts';
import { createBroadcast, type Broadcast } from './broadcast.ts';
import { ClientBindings } from './client-bindings.ts';
import { BufferShare } from './buffer-share.ts';
import type { CommittedState } from './committed-state.ts';
import { DurableWaiters } from './durable-waiters.ts';
import type { Flight } from './flight.ts';
import type { CarefulMerge } from './merge-carefully.ts';
import type { MergedState } from './merged-state.ts';
import { outboundUpdate, type Outbound } from './outbound.ts';
import type { RoomSession } from './room-session.ts';
import type { RoomStart } from './room-start.ts';
import type { AppendOutcome, AppendSource, UpdateWriter } from './update-writer.ts';

export interface RoomDeps {
  readonly writer: UpdateWriter;
  readonly fanOut: FanOut;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Incarnation of this node, to tell its own relays from others'. */
  readonly node: string;
  readonly awarenessLimits: AwarenessLimits;
  readonly documentBytes: number;
  /** Called once when the room has dropped itself; it must not be used again. */
  readonly onDiscarded: (room: Room) => void;
  /** Called when something failed in it that nobody foresaw; it is discarded then. */
  readonly onFailure: (room: Room, error: unknown) => void;
  /** Called after each commit and relay with the tail's growth. */
  readonly onGrown: (room: Room, rows: number, bytes: number) => void;
  /** Called when rows of other nodes were missed and must be read from the log. */
  readonly onGap: (room: Room) => void;
}

/**
 * One open document on one node. Forward, store, ack: an update is applied and shown to other writers at once, goes to
 * the log with the next group commit, and only then counts as saved, reaches other nodes and those who only read.
 *
 * Positions of the room's own order (`submitted`, `durable`) count updates, not rows; they live as long as the room.
 */
export class Room implements AppendSource {
  readonly documentId: DocumentId;
  readonly state: MergedState;
  readonly committed: CommittedState;
  readonly awareness: RoomAwareness;
  /** What other users brought under somebody's clientIDs. */
  readonly carried: CarriedRanges;
  readonly tombstone: ReadonlyMap<number, number>;
  /** Set when the document is damaged: it shows what could be saved, and takes no edits. */
  readonly quarantine: CarefulMerge | null;
  /** Largest size that it may have; `state.size` is what it has. */
  readonly mostBytes: number;
  readonly sessions: ReadonlySet<RoomSession>;
  readonly #deps: RoomDeps;
  readonly #sessions = new Set<RoomSession>();
  readonly #broadcast: Broadcast;
  readonly #buffered: BufferShare;
  readonly #pending = createPendingRow();
  readonly #bindings: ClientBindings;
  readonly #waiters = new DurableWaiters();
  #flight: Flight | null = null;
  #position: Position;
  /** The highest number that a row of this room got. */
  #stored = 0;
  #submitted = 0;
  #durable = 0;
  #discarded = false;
  #frozen = false;

  constructor(given: RoomDeps, start: RoomStart) {
    const clock = guardClock(given.clock, (error) => {
      this.fail(error);
    });
    const deps = { ...given, clock };
    this.#deps = deps;
    this.mostBytes = deps.documentBytes;
    this.#buffered = new BufferShare(deps.writer);
    this.documentId = start.documentId;
    this.state = start.state;
    this.committed = start.committed;
    this.tombstone = start.tombstone;
    this.quarantine = start.quarantine;
    this.carried = start.carried;
    this.#position = start.position;
    this.#bindings = new ClientBindings(start.bindings);
    this.sessions = this.#sessions;
    this.#broadcast = createBroadcast({ clock: deps.clock, sessions: this.#sessions });
    this.awareness = createRoomAwareness({
      clock: deps.clock,
      sessions: this.#sessions,
      limits: deps.awarenessLimits,
      ownerOf: (client) => this.#bindings.ownerOf(client),
      onRefused: (session) => {
        deps.telemetry.metrics.count('presence_refused_total');
        session.onPresenceRefused('presence-refused');
      },
      publish: deps.fanOut.shared ? (bytes) => deps.fanOut.publishAwareness(this.documentId, deps.node, bytes) : null,
    });
  }

  get position(): Position {
    return this.#position;
  }

  /** Position of the last update that was applied here. */
  get submitted(): number {
    return this.#submitted;
  }

  /** Position up to which everything is in the log. */
  get durable(): number {
    return this.#durable;
  }

  get discarded(): boolean {
    return this.#discarded;
  }

  /** Whether nothing waits for the log. */
  get settled(): boolean {
    return this.#pending.empty && this.#flight === null && this.#bindings.settled;
  }

  /** Whether committed state holds every row of this room: one that is ahead of others' rows joins it behind them. */
  get level(): boolean {
    return this.#stored <= this.#position.seq;
  }

  /** Updates that are applied but not yet in the log, in order. */
  uncommitted(): readonly Uint8Array[] {
    return [...(this.#flight?.updates ?? []), ...updatesOf(this.#pending.peek())];
  }

  attach(session: RoomSession): void {
    this.#sessions.add(session);
  }

  detach(session: RoomSession): void {
    if (this.#sessions.delete(session)) this.awareness.leave(session);
  }

  /** The user a clientID is bound to, if it was seen before. */
  ownerOf(client: number): string | undefined {
    return this.#bindings.ownerOf(client);
  }

  /** The user a clientID is bound to from now on; the first who writes or announces it keeps it. */
  bind(client: number, user: string): string {
    const { owner, fresh } = this.#bindings.bind(client, user);
    if (fresh) this.#deps.writer.schedule(this);
    return owner;
  }

  /** Takes no more updates while the document's identity changes; sends writers away until it is over. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
  }

  /** Takes writer capacity for an update that is about to be applied; false when the node is full. */
  reserve(bytes: number): boolean {
    return !this.#frozen && this.#buffered.reserve(bytes);
  }

  /** Gives back what `reserve` took for an update that brought nothing. */
  unreserve(bytes: number): void {
    this.#buffered.free(bytes, 1);
  }

  /**
   * Puts an applied update on its way to the log and to the other writers. Capacity for `reserved` bytes was taken
   * before. Returns the position that must be durable before the update counts as saved.
   */
  submit(update: Uint8Array, origin: RoomSession, reserved: number): number {
    this.#buffered.free(reserved - update.byteLength, 0);
    this.#submitted += 1;
    this.#pending.push(origin.user, update);
    this.#broadcast.push(update, origin);
    this.#deps.writer.schedule(this);
    return this.#submitted;
  }

  takePending(): AppendEntry | null {
    if (this.#discarded || this.#flight !== null || (this.#pending.empty && this.#bindings.settled)) return null;
    const segments = this.#pending.take();
    const updates = updatesOf(segments);
    const payload = encodePendingRow(segments);
    this.#flight = { segments, updates, payload, bindings: this.#bindings.take(), upTo: this.#submitted };
    return { documentId: this.documentId, epoch: this.#position.epoch, payload, bindings: this.#flight.bindings };
  }

  settle(outcome: AppendOutcome): void {
    const flight = this.#flight;
    if (this.#discarded || flight === null) return;
    this.#flight = null;
    if (outcome.kind === 'busy') {
      this.#pending.unshift(flight.segments);
      this.#bindings.giveBack(flight.bindings);
      return;
    }
    if (outcome.kind === 'lost') {
      this.discard(outcome.reason === 'deleted' ? 'document-deleted' : 'room-discarded');
      return;
    }
    if (flight.payload !== null) this.#onStored(outcome.seq, flight.payload, flight.updates);
    this.#durable = flight.upTo;
    this.#tellDurable();
    if (!this.#pending.empty || !this.#bindings.settled) this.#deps.writer.schedule(this);
  }

  #onStored(seq: number, payload: Uint8Array, updates: readonly Uint8Array[]): void {
    const { epoch } = this.#position;
    const bytes = bytesOf(updates);
    this.#buffered.free(bytes, updates.length);
    this.#deps.fanOut.publish({ node: this.#deps.node, documentId: this.documentId, epoch, seq, payload });
    this.#stored = Math.max(this.#stored, seq);
    // One that is ahead of others' rows is read back from the log behind them: a number stands for one state.
    if (seq === this.#position.seq + 1) {
      this.#position = { epoch, seq };
      this.#showCommitted(updates, 'readers');
      this.#deps.onGrown(this, 1, bytes);
    } else if (!this.level) this.#deps.onGap(this);
  }

  /** Applies a row that another node committed; the caller has checked that it is the next one. */
  applyRow(seq: number, segments: readonly LogSegment[]): void {
    const updates = updatesOf(segments);
    for (const update of updates) this.state.apply(update);
    this.#position = { epoch: this.#position.epoch, seq };
    this.#showCommitted(updates, 'everybody');
    this.#deps.onGrown(this, 1, bytesOf(updates));
  }

  #showCommitted(updates: readonly Uint8Array[], to: 'readers' | 'everybody'): void {
    this.committed.push(updates);
    const allCommitted = this.#pending.empty && this.#flight === null && this.level;
    if (this.committed.stale && allCommitted) this.committed.rebase(this.state.encode());
    // Made for the first session that gets them: where everybody writes nobody does.
    let outbound: readonly Outbound[] | null = null;
    for (const session of this.#sessions) {
      if (to === 'readers' && session.writable) continue;
      outbound ??= updates.map((update) => outboundUpdate(update));
      for (const message of outbound) session.send(message);
    }
  }

  #tellDurable(): void {
    for (const session of this.#sessions) session.onDurable(this.#durable);
    this.#waiters.wakeUpTo(this.#durable);
  }

  /** Resolves once everything applied so far is in the log, or the room is discarded. */
  whenDurable(position = this.#submitted): Promise<void> {
    return this.#discarded || position <= this.#durable ? Promise.resolve() : this.#waiters.wait(position);
  }

  #sendAway(session: RoomSession, code: ErrorCode): void {
    try {
      session.onDiscarded(code);
    } catch (error) {
      this.#deps.telemetry.log.error('session_discard_failed', {}, error);
    }
  }

  /** Something failed that nobody foresaw: what it holds may not be what the log has, so it ends. */
  fail(error: unknown): void {
    this.#deps.onFailure(this, error);
    this.discard('room-discarded');
  }

  /** Ends a settled room that nobody is in. */
  close(): void {
    this.#discarded = true;
    this.#broadcast.stop();
    this.awareness.stop();
    this.state.destroy();
  }

  /** Ends the room: what the log will never have must not be shown any longer. Sessions come back to a fresh load. */
  discard(code: ErrorCode): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#broadcast.stop();
    this.awareness.stop();
    this.#buffered.freeAll();
    for (const session of this.#sessions) this.#sendAway(session, code);
    this.#sessions.clear();
    this.#waiters.wakeUpTo(Infinity);
    this.state.destroy();
    this.#deps.onDiscarded(this);
  }
}
