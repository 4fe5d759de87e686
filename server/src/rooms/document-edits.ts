import { ScriptoriumError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentEdits, EditOutcome, ProgramEdit } from '../ports/document-edits.ts';
import { withDeadline } from '../service.ts';
import { readTombstone } from './read-tombstone.ts';
import { receiveUpdate, type Receipt, type UpdateSender } from './receive-update.ts';
import type { RoomRegistry } from './room-registry.ts';
import type { Room } from './room.ts';

export interface DocumentEditsDeps {
  readonly rooms: Pick<RoomRegistry, 'open' | 'release'>;
  readonly clock: Clock;
}

/** Milliseconds that an edit waits for the log, before it and after it. */
const PATIENCE = 5_000;
/** Yjs draws its ids from 32 bits. */
const ID_SPACE = 2 ** 32;

/** Edits documents in their rooms, under a clientID of the edit's own. */
export function createDocumentEdits({ rooms, clock }: DocumentEditsDeps): DocumentEdits {
  return {
    edit: async ({ record, tombstone }, edit) => {
      const room = await rooms.open(record.id, readTombstone(tombstone));
      try {
        return await editRoom(room, edit, clock);
      } finally {
        rooms.release(room);
      }
    },
  };
}

async function editRoom(room: Room, { user, compose }: ProgramEdit, clock: Clock): Promise<EditOutcome> {
  // What its author has seen so far is in the base.
  await whenDurable(room, clock, room.submitted);
  const base = { state: room.committed.merged(), clientId: Math.floor(clock.random() * ID_SPACE) };
  const update = await compose(base);
  if (update === null) return { ...room.position, changed: false };
  const before = room.submitted;
  const after = requireAccepted(receiveUpdate(room, createSender(user), { bytes: update, via: 'update' }));
  // What the document has already is accepted and brings nothing.
  const changed = room.submitted > before;
  await whenDurable(room, clock, after);
  return { ...room.position, changed };
}

async function whenDurable(room: Room, clock: Clock, position: number): Promise<void> {
  if ((await withDeadline(clock, PATIENCE, room.whenDurable(position))).kind === 'late')
    throw new ScriptoriumError('storage-unavailable', 'the edit has not arrived at the store');
  if (room.discarded) throw new ScriptoriumError('room-discarded');
}

function requireAccepted(receipt: Receipt): number {
  switch (receipt.kind) {
    case 'accepted':
    case 'partial':
      return receipt.after;
    case 'refused':
      throw new ScriptoriumError(receipt.code, receipt.detail);
    case 'held':
      throw new ScriptoriumError('room-discarded', 'the edit refers to what the document does not hold');
    case 'overloaded':
      throw new ScriptoriumError('overloaded');
  }
}

/** Somebody who writes once and hears nothing. */
function createSender(user: string): UpdateSender {
  return {
    user,
    displayName: user,
    presence: { sees: false, shows: false },
    writable: true,
    scope: 'all',
    clients: new Set(),
    send: () => undefined,
    onDurable: () => undefined,
    onDiscarded: () => undefined,
    onPresenceRefused: () => undefined,
  };
}
