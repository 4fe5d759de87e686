import { defaultUpdateLimits } from '../core/limits.ts';
import { parseStateVector } from '../core/update-state-vector.ts';
import type { Room } from '../rooms/room.ts';

/** States up to this size are answered in one update; larger ones as shared buffers, base and tail. */
const ONE_PIECE = 64 * 1024;

/** The clocks of an encoded state vector, or `null` when the bytes are none or hold too many entries. */
export function readStateVector(encoded: Uint8Array): ReadonlyMap<number, number> | null {
  const parsed = parseStateVector(encoded, defaultUpdateLimits.stateVectorEntries);
  return 'kind' in parsed ? null : parsed;
}

/**
 * What a client of this state vector lacks, as updates in causal order. Writers get everything the room holds, others
 * committed state only. A joiner who has nothing gets the cached encoding, never one made for it.
 */
export function syncReply(room: Room, stateVector: Uint8Array, writer: boolean): readonly Uint8Array[] {
  const empty = stateVector.byteLength <= 1;
  if (!writer) return [empty ? room.committed.merged() : room.committed.diff(stateVector)];
  if (!empty) return [room.state.diff(stateVector)];
  if (!room.settled && room.committed.bytes <= ONE_PIECE) return [room.state.encode()];
  return room.settled && room.committed.bytes <= ONE_PIECE
    ? [room.committed.merged()]
    : [...room.committed.parts(), ...room.uncommitted()];
}
