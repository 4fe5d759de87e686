import type { ErrorCode } from '@scriptorium/shared/error-codes';
import { detectFork } from '../core/fork-detection.ts';
import { defaultUpdateLimits } from '../core/limits.ts';
import { gateUpdate, type UpdateSummary, type Verdict } from '../core/update-gate.ts';
import { parseUpdate, type ParsedUpdate } from '../core/update-parser.ts';
import type { WriteScope } from '../core/write-scope.ts';
import type { RoomSession } from './room-session.ts';
import type { Room } from './room.ts';

/** A session that sends updates: a room session that owns clientIDs. */
export interface UpdateSender extends RoomSession {
  /** How far it may write at this moment. */
  readonly scope: WriteScope;
  /** ClientIDs that this session announced or wrote first; grows as it writes. */
  readonly clients: Set<number>;
  /** Whether its tenant has all the bytes that it may. */
  readonly overQuota?: boolean;
}

/** What became of an update. Positions are those of the room's order. */
export type Receipt =
  /** In; saved once `after` is durable. Nothing new counts as in, and waits for what it repeats. */
  | { readonly kind: 'accepted'; readonly after: number }
  /** The causally ready part of a SyncStep2 is in; the rest refers to what nobody here has. */
  | { readonly kind: 'partial'; readonly after: number }
  /** An Update frame that refers to what the server lacks; not applied. */
  | { readonly kind: 'held' }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly detail: string;
      readonly client?: number;
      /** It deleted and brought no structs, so nothing that follows hangs on it. */
      readonly isBarren?: boolean;
    }
  /** No capacity; nothing was applied. */
  | { readonly kind: 'overloaded' };

export interface InboundUpdate {
  readonly bytes: Uint8Array;
  /** An Update frame is logged as it was sent, a SyncStep2 as what it really brought. */
  readonly via: 'update' | 'step2';
}

/** Passes an update of somebody who may write, everywhere or in the comments, through the gate and into the room. */
export function receiveUpdate(room: Room, sender: UpdateSender, inbound: InboundUpdate): Receipt {
  if (room.quarantine !== null)
    return { kind: 'refused', code: 'document-quarantined', detail: 'the stored document is damaged' };
  room.state.mergeNow();
  if (room.discarded) return FAILED;
  const { scope } = sender;
  if (scope === 'none') return readOnlyReceipt(room, inbound);
  const view = scope === 'all' ? room : { state: room.state, tombstone: room.tombstone, scope };
  const parsed = parseUpdate(inbound.bytes, defaultUpdateLimits);
  if (parsed.kind === 'refuse') return { ...parsed, kind: 'refused' };
  if (inbound.via === 'update') adoptClients(room, sender, parsed);
  const forked = detectFork(parsed, sender.clients, room);
  if (forked !== null)
    return { kind: 'refused', code: 'forked', detail: 'known clocks with other content', client: forked };
  // An update that has to go in by parts passes the gate again after each of them.
  for (;;) {
    const verdict = gateUpdate(parsed, view, defaultUpdateLimits);
    if (verdict.kind !== 'part') return conclude(room, sender, { parsed, verdict, via: inbound.via });
    const receipt = enter(room, sender, { ...verdict, parsed, via: inbound.via });
    if (receipt.kind !== 'accepted') return receipt;
  }
}

function conclude(
  room: Room,
  sender: UpdateSender,
  gated: {
    readonly parsed: ParsedUpdate;
    readonly verdict: Exclude<Verdict, { readonly kind: 'part' }>;
    readonly via: InboundUpdate['via'];
  },
): Receipt {
  const { parsed, verdict, via } = gated;
  switch (verdict.kind) {
    case 'refuse':
      return {
        ...verdict,
        kind: 'refused',
        isBarren: parsed.blocks.every((it) => it.endClock <= room.state.clock(it.client)),
      };
    case 'accept':
      return enter(room, sender, { parsed, update: verdict.update, summary: verdict.summary, via });
    case 'gap': {
      if (via === 'update') return { kind: 'held' };
      if (verdict.ready === null) return { kind: 'partial', after: room.submitted };
      const receipt = enter(room, sender, { parsed, update: verdict.ready, summary: verdict.summary, via });
      return receipt.kind === 'accepted' ? { ...receipt, kind: 'partial' } : receipt;
    }
  }
}

interface GatedUpdate {
  readonly parsed: ParsedUpdate;
  /** What the gate lets through: the client's bytes without what is known already. */
  readonly update: Uint8Array;
  readonly summary: UpdateSummary;
  readonly via: InboundUpdate['via'];
}

/** Applies what passed the gate, and puts what is new on its way to the log. */
function enter(room: Room, sender: UpdateSender, gated: GatedUpdate): Receipt {
  const { update, summary } = gated;
  const nothing: Receipt = { kind: 'accepted', after: room.submitted };
  if (summary.added.length === 0 && !summary.hasDeletes) return nothing;
  const excess = summary.added.length === 0 ? null : findExcess(room, sender, update);
  if (excess !== null) return excess;
  if (sender.scope === 'comments' && bringsForeign(room, sender, summary)) return FOREIGN;
  if (!room.reserve(update.byteLength)) return { kind: 'overloaded' };
  const brought = merge(room, sender, gated);
  if (brought === 'failed') return FAILED;
  if (brought === null) {
    room.unreserve(update.byteLength);
    return nothing;
  }
  for (const { client } of summary.added) room.bind(client, sender.user);
  return { kind: 'accepted', after: room.submit(brought, sender, update.byteLength) };
}

/** What adds to a document must find room in it and in its tenant's quota; what only deletes always may. */
function findExcess(room: Room, sender: UpdateSender, update: Uint8Array): Receipt | null {
  if (room.state.isLarger(room.mostBytes - update.byteLength))
    return { kind: 'refused', code: 'document-full', detail: `a document holds ${room.mostBytes} bytes at most` };
  return sender.overQuota === true ? { kind: 'refused', code: 'quota-exceeded', detail: 'the tenant is full' } : null;
}

/** Merges what passed the gate. Bytes that it let through and Yjs stumbles over leave a state that nobody may use any more. */
function merge(room: Room, sender: UpdateSender, gated: GatedUpdate): Uint8Array | null | 'failed' {
  try {
    noteCarried(room, sender, gated);
    return gated.via === 'step2' ? room.state.applyForDiff(gated.update) : applyAsSent(room, gated.update);
  } catch (error) {
    room.fail(error);
    return 'failed';
  }
}

const FAILED: Receipt = { kind: 'refused', code: 'internal', detail: 'the update could not be merged' };
const FOREIGN: Receipt = { kind: 'refused', code: 'comments-only', detail: "the update writes under another's id" };

/** A commenter knows of others only what is committed, so it has nothing new of theirs to bring; it could only take their clocks. */
function bringsForeign(room: Room, sender: UpdateSender, { added }: UpdateSummary): boolean {
  return added.some(({ client }) => (room.ownerOf(client) ?? sender.user) !== sender.user);
}

/** Applies an Update frame; returns a copy of its bytes, which share their buffer with the rest of a network read. */
function applyAsSent(room: Room, update: Uint8Array): Uint8Array | null {
  return room.state.apply(update).changed ? update.slice() : null;
}

/** Structs that somebody brings for another user's clientID are remembered, so that a fork shows when the owner writes. */
function noteCarried(room: Room, sender: UpdateSender, gated: GatedUpdate): void {
  for (const range of gated.summary.added) {
    const owner = room.ownerOf(range.client);
    if (owner !== undefined && owner !== sender.user) room.carried.note(gated.parsed, range);
  }
}

/** An Update frame holds its sender's own structs (a SyncStep2 anybody's), so its clientIDs are the session's own. */
function adoptClients(room: Room, sender: UpdateSender, parsed: ParsedUpdate): void {
  for (const { client } of parsed.blocks) {
    if ((room.ownerOf(client) ?? sender.user) === sender.user) sender.clients.add(client);
  }
}

/** What to answer somebody who may only read: a SyncStep2 is fine when it brings nothing. */
function readOnlyReceipt(room: Room, { bytes, via }: InboundUpdate): Receipt {
  const readOnly: Receipt = { kind: 'refused', code: 'read-only', detail: 'this session may not write' };
  if (via === 'update') return readOnly;
  const parsed = parseUpdate(bytes, defaultUpdateLimits);
  if (parsed.kind === 'refuse') return { ...parsed, kind: 'refused' };
  return room.state.contains(parsed) ? { kind: 'accepted', after: room.submitted } : readOnly;
}
