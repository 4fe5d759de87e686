import type { Tenant } from '@scriptorium/shared/document-name';
import { ScriptoriumError } from '../core/errors.ts';
import { defaultUpdateLimits } from '../core/limits.ts';
import { detectFork } from '../core/fork-detection.ts';
import { encodeLogRow } from '../core/log-row.ts';
import { holds } from '../core/precondition.ts';
import { parseUpdate } from '../core/update-parser.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  Composed,
  DocumentEdit,
  DocumentWriter,
  EditBase,
  WriteTarget,
  Written,
} from '../ports/document-writer.ts';
import type { FanOut } from '../ports/fan-out.ts';
import type { AppendEntry } from '../ports/update-log.ts';
import { inBackground } from '../service.ts';
import { receiveRelay } from './catch-up.ts';
import { inTime, type DocumentTurns } from './document-turns.ts';
import { createEditClients, type EditClients } from './edit-clients.ts';
import { GuardedAppend } from './guarded-append.ts';
import { judgeEdit, judgeSeed, requireSpace, type JudgedEdit } from './judge-edit.ts';
import { levelRoom } from './level-room.ts';
import type { LoadDeps } from './load-base.ts';
import { readTombstone } from './read-tombstone.ts';
import type { RoomRegistry } from './room-registry.ts';
import type { Room } from './room.ts';
import type { UpdateWriter } from './update-writer.ts';

export interface DocumentWriterDeps extends LoadDeps {
  readonly rooms: Pick<RoomRegistry, 'open' | 'release'>;
  readonly turns: DocumentTurns;
  /**
   * A writer of its own: an entry of it may go to the log while one of the document's room does, and each writer sends one
   * per document at a time.
   */
  readonly editWriter: UpdateWriter;
  readonly fanOut: FanOut;
  /** Whether a tenant's documents have all the bytes that they may. */
  readonly isTenantFull: (tenant: Tenant) => boolean;
  readonly node: string;
  readonly clock: Clock;
}

/** Creates the writer of edits that come from programs. */
export function createDocumentWriter(deps: DocumentWriterDeps): DocumentWriter {
  const clients = createEditClients(() => deps.clock.random());
  return {
    judgeSeed,
    write: async (target, edit) => {
      const room = await deps.rooms.open(target.record.id, readTombstone(target.tombstone));
      try {
        return await new OneWrite({ ...deps, clients }, room, target).run(edit);
      } finally {
        deps.rooms.release(room);
      }
    },
  };
}

/** One edit on its way into one document. */
class OneWrite {
  readonly #deps: DocumentWriterDeps & { readonly clients: EditClients };
  readonly #room: Room;
  readonly #target: WriteTarget;

  constructor(deps: DocumentWriterDeps & { readonly clients: EditClients }, room: Room, target: WriteTarget) {
    this.#deps = deps;
    this.#room = room;
    this.#target = target;
  }

  async run<T>(edit: DocumentEdit<T>): Promise<Written<T>> {
    const end = await this.#deps.turns.take(this.#room.documentId);
    let append: GuardedAppend | null = null;
    try {
      await this.#settleRoom();
      if (this.#isStored(edit)) return { ...this.#room.position, changed: true, result: edit.earlier.result };
      const base = this.#readBase(edit);
      // Nobody knows whether an earlier attempt is still on its way to the log, so only the very same edit may follow it.
      const composed = edit.earlier ?? (await edit.compose(base));
      const judged = composed.update === null ? null : judgeEdit(this.#room, composed.update, base.state);
      if (judged === null) return { epoch: base.epoch, seq: base.seq, changed: false, result: composed.result };
      this.#requireSpace(judged);
      // It may hang on what was typed meanwhile, which must be in the log before it.
      await inTime(this.#deps.clock, this.#room.whenDurable());
      await this.#announce(edit, composed);
      append = this.#send(edit, base, judged);
      const seq = await this.#settle(edit, append);
      await this.#show(edit.user, { epoch: base.epoch, seq }, encodeEdit(edit.user, judged));
      this.#note(edit.user, judged);
      return { epoch: base.epoch, seq, changed: true, result: composed.result };
    } finally {
      // While it is not known what became of the edit, the next one would start from a state that may lack it.
      if (append === null) end();
      else inBackground(this.#deps.telemetry.log, 'edit_failed', append.outcome.finally(end));
    }
  }

  /** Brings everything into the committed state that was applied here before and that is known to be stored elsewhere. */
  async #settleRoom(): Promise<void> {
    const room = this.#room;
    const { record } = this.#target;
    if (room.quarantine !== null) throw new ScriptoriumError('document-quarantined');
    await inTime(this.#deps.clock, room.whenDurable());
    await levelRoom(this.#deps, room, { epoch: record.epoch, seq: record.head });
    room.state.mergeNow();
    if (room.discarded) throw new ScriptoriumError('room-discarded');
  }

  #requireSpace(judged: JudgedEdit): void {
    const { isTenantFull, telemetry } = this.#deps;
    try {
      requireSpace(this.#room, judged, isTenantFull(this.#target.record.tenant));
    } catch (error) {
      telemetry.metrics.count('quota_refused_total');
      telemetry.metrics.tenant(this.#target.record.tenant).add('tenant_quota_refused_total');
      throw error;
    }
  }

  #isStored<T>(edit: DocumentEdit<T>): edit is DocumentEdit<T> & { readonly earlier: Composed<T> } {
    const update = edit.earlier?.update ?? null;
    if (update === null) return false;
    const parsed = parseUpdate(update, defaultUpdateLimits);
    if (parsed.kind === 'refuse' || !this.#room.state.contains(parsed)) return false;
    // Known clocks with other content are those of another edit, which came in its place.
    return detectFork(parsed, new Set(parsed.blocks.map(({ client }) => client)), this.#room) === null;
  }

  /** The committed state, if it is one that may be changed. */
  #readBase<T>({ user, precondition }: DocumentEdit<T>): EditBase {
    const room = this.#room;
    if (!holds(precondition, room.position)) throw new ScriptoriumError('precondition-failed');
    const isTaken = (id: number): boolean =>
      room.state.clock(id) > 0 || room.ownerOf(id) !== undefined || room.tombstone.has(id);
    const clientId = this.#deps.clients.idFor(room.documentId, user, isTaken);
    return { ...room.position, state: room.committed.merged(), clientId };
  }

  /** What was noted may be stored by whoever goes on with it, so the next edit must not take its clocks. */
  async #announce<T>(edit: DocumentEdit<T>, composed: Composed<T>): Promise<void> {
    if (edit.beforeAppend === undefined) return;
    try {
      await edit.beforeAppend(composed);
    } catch (error) {
      this.#deps.clients.forget(this.#room.documentId, edit.user);
      throw error;
    }
  }

  #send<T>({ user, precondition, restore }: DocumentEdit<T>, base: EditBase, judged: JudgedEdit): GuardedAppend {
    const room = this.#room;
    if (room.discarded) throw this.#giveUp(user, 'room-discarded');
    const payload = encodeEdit(user, judged);
    if (!this.#deps.editWriter.reserve(payload.byteLength)) throw this.#giveUp(user, 'overloaded');
    const strangers = new Set(
      judged.added.map(({ client }) => client).filter((client) => room.ownerOf(client) === undefined),
    );
    const entry: AppendEntry = {
      documentId: room.documentId,
      epoch: base.epoch,
      payload,
      bindings: [...strangers].map((client) => ({ client, user })),
      ...(precondition.kind === 'state' && { follows: base.seq }),
      ...(restore !== undefined && { restore }),
    };
    const append = new GuardedAppend(entry);
    const free = (): void => this.#deps.editWriter.free(payload.byteLength);
    inBackground(this.#deps.telemetry.log, 'edit_failed', append.outcome.finally(free));
    this.#deps.editWriter.schedule(append);
    return append;
  }

  /** It was announced, and is not sent. */
  #giveUp(user: string, code: 'room-discarded' | 'overloaded'): ScriptoriumError {
    this.#deps.clients.forget(this.#room.documentId, user);
    return new ScriptoriumError(code);
  }

  async #settle<T>({ user }: DocumentEdit<T>, append: GuardedAppend): Promise<number> {
    const { clients, clock } = this.#deps;
    const outcome = await inTime(clock, append.outcome).catch((error: unknown) => {
      // Perhaps it was stored, and no base holds it.
      clients.forget(this.#room.documentId, user);
      throw error;
    });
    if (outcome.kind === 'stored') return outcome.seq;
    throw new ScriptoriumError(CODES[outcome.reason]);
  }

  /** Gives the committed row to everybody, here as on other nodes. */
  async #show(user: string, at: { readonly epoch: number; readonly seq: number }, payload: Uint8Array): Promise<void> {
    const { fanOut, node } = this.#deps;
    const message = { node, documentId: this.#room.documentId, ...at, payload };
    fanOut.publish(message);
    receiveRelay(this.#deps, this.#room, message);
    try {
      await levelRoom(this.#deps, this.#room, at);
    } catch (error) {
      // It is stored, so it was a success; but the next edit would start from a state that lacks it.
      this.#deps.clients.forget(this.#room.documentId, user);
      this.#deps.telemetry.log.warn('edit_not_shown', { documentId: this.#room.documentId }, error);
    }
  }

  /** The room knows from now on whose the new clients are, and what was brought for others. */
  #note(user: string, { added, parsed }: JudgedEdit): void {
    const room = this.#room;
    if (room.discarded) return;
    for (const range of added) {
      if (room.bind(range.client, user) !== user) room.carried.note(parsed, range);
    }
  }
}

const CODES = {
  moved: 'precondition-failed',
  fenced: 'room-discarded',
  deleted: 'document-deleted',
  refused: 'forbidden-update',
} as const;

function encodeEdit(user: string, { updates }: JudgedEdit): Uint8Array {
  return encodeLogRow([{ actor: user, updates }]);
}
