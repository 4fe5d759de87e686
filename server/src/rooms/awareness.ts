import { PresenceTable, type Presence } from '../core/presence-table.ts';
import { admitState } from '../core/presence-state.ts';
import {
  encodePresenceUpdate,
  LEFT,
  splitPresenceUpdate,
  type EncodedPresence,
  type PresenceEntry,
} from '../core/presence-update.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { PresentClient } from '../ports/live-presence.ts';
import { createAwarenessRelay, type AwarenessRelay } from './awareness-relay.ts';
import { outboundAwareness } from './outbound.ts';
import type { RoomSession } from './room-session.ts';

/** Bounds of what one session may announce. */
export interface AwarenessLimits {
  readonly statesPerSession: number;
  readonly stateBytes: number;
  /** How often in a second others hear of one client at most; in between, what it says last counts. */
  readonly perSecond: number;
}

/**
 * Who is here in one room, on this node and on others. Own map instead of y-protocols' class: nobody's id can be taken
 * by another user, each state says by the token whose it is, and nothing stays behind when a session or a node ends.
 */
export interface RoomAwareness {
  /** Takes an awareness update of a session; returns the clientIDs that are new here. Throws `MalformedAwareness`. */
  receive(session: RoomSession, update: Uint8Array): readonly number[];
  /** Takes what another node says of its clients. Throws `MalformedAwareness`. */
  receiveRelay(node: string, bytes: Uint8Array): void;
  /** Tells the other nodes who is here and asks them for theirs. */
  greet(): void;
  /** An awareness update with everybody who is here, or `null` when nobody is. */
  encodeAll(): Uint8Array | null;
  /** The same for one session; `null` also where it may not see the others. */
  encodeFor(session: RoomSession): Uint8Array | null;
  /** The session sees the others from now on, or does not any more: it is told of them, or that they are gone. */
  bringLevel(session: RoomSession): void;
  /** Everybody who is here, with whose they are. */
  present(): readonly PresentClient[];
  /** Marks the session's clients as gone and tells the others. */
  leave(session: RoomSession): void;
  /** Marks the clients of a node that is gone as gone. */
  dropNode(node: string): void;
  stop(): void;
}

/** Entries of one message that a session may announce besides those it holds; more is no client's presence. */
const FRESH_ENTRIES = 8;
/** Largest clock of a client: no client counts so far, and the server counts on from it. */
const MOST_CLOCK = 2 ** 40;
/**
 * Milliseconds after which a client of another node that was not heard of counts as gone. Browsers renew theirs every
 * 15 seconds, those in the background once a minute.
 */
const SILENCE = 90_000;
const SWEEP = 15_000;

export function createRoomAwareness(deps: AwarenessDeps): RoomAwareness {
  return new Awareness(deps);
}

export interface AwarenessDeps {
  readonly clock: Clock;
  readonly sessions: ReadonlySet<RoomSession>;
  readonly limits: AwarenessLimits;
  /** The user whose clientID it is by what was written or announced before; nobody else may announce it. */
  readonly ownerOf: (client: number) => string | undefined;
  /** Called for each state that was left out, not for echoes. */
  readonly onRefused: (session: RoomSession) => void;
  /** Publishes to the other nodes' rooms of the document; `null` where there can be none. */
  readonly publish: ((bytes: Uint8Array) => void) | null;
}

class Awareness implements RoomAwareness {
  readonly #deps: AwarenessDeps;
  readonly #table: PresenceTable<RoomSession>;
  readonly #relay: AwarenessRelay;
  readonly #changed = new Map<number, Presence<RoomSession>>();
  #flushTimer: Timer | null = null;
  #sweepTimer: Timer | null = null;
  #stopped = false;

  constructor(deps: AwarenessDeps) {
    this.#deps = deps;
    this.#table = new PresenceTable(deps.limits.statesPerSession);
    this.#relay = createAwarenessRelay({ ...deps, table: this.#table });
  }

  receive(session: RoomSession, update: Uint8Array): readonly number[] {
    const arrived: number[] = [];
    let fresh = 0;
    for (const encoded of splitPresenceUpdate(update)) {
      if (!this.#table.holds(session, encoded.client)) fresh += 1;
      if (fresh > FRESH_ENTRIES) {
        this.#deps.onRefused(session);
        return arrived;
      }
      const entry = this.#admit(session, encoded);
      const taken = entry === null ? null : this.#table.announce(session, entry, this.#now());
      if (taken === null) {
        if (entry !== null && !this.#table.isEcho(entry)) this.#deps.onRefused(session);
        continue;
      }
      if (taken.arrived) arrived.push(encoded.client);
      this.#show([taken.presence]);
      this.#relay.tell([taken.presence]);
    }
    return arrived;
  }

  /** The entry as others may see it; `null` when it is not the session's to announce, or over a limit. */
  #admit(session: RoomSession, { client, clock, state: encoded }: EncodedPresence): PresenceEntry | null {
    const admitted = admitState(encoded, session, this.#deps.limits.stateBytes);
    if (admitted.kind === 'refused' || clock > MOST_CLOCK) {
      this.#deps.onRefused(session);
      return null;
    }
    const entry = { client, clock, state: admitted.state };
    if ((this.#deps.ownerOf(client) ?? session.user) === session.user) return entry;
    if (!this.#table.isEcho(entry)) this.#deps.onRefused(session);
    return null;
  }

  receiveRelay(node: string, bytes: Uint8Array): void {
    if (this.#stopped) return;
    this.#show(this.#relay.receive(node, bytes));
    this.#sweepTimer ??= this.#deps.clock.after(SWEEP, () => {
      this.#sweep();
    });
  }

  #sweep(): void {
    this.#sweepTimer = null;
    this.#show(this.#table.expire(this.#now() - SILENCE));
    if (this.#table.all().every(({ holder }) => holder.kind === 'session')) return;
    this.#sweepTimer = this.#deps.clock.after(SWEEP, () => {
      this.#sweep();
    });
  }

  greet(): void {
    this.#relay.greet();
  }

  encodeAll(): Uint8Array | null {
    const all = this.#table.all();
    return all.length === 0 ? null : encodePresenceUpdate(all.map(shownEntry));
  }

  encodeFor(session: RoomSession): Uint8Array | null {
    return session.presence.sees ? this.encodeAll() : null;
  }

  bringLevel(session: RoomSession): void {
    const others = this.#table.all().filter((presence) => !isOf(presence, session));
    if (others.length === 0) return;
    const entries = others.map(shownEntry);
    // A goodbye under the clock that it saw last is news to it, and does not keep the state of later from it.
    const told = session.presence.sees ? entries : entries.map((entry) => ({ ...entry, state: LEFT }));
    session.send(outboundAwareness(encodePresenceUpdate(told)));
  }

  present(): readonly PresentClient[] {
    return this.#table.all().map(({ client, holder, state }) => ({ client, user: holder.user, state }));
  }

  leave(session: RoomSession): void {
    const left = this.#table.leave(session);
    this.#show(left);
    this.#relay.tell(left);
  }

  dropNode(node: string): void {
    this.#show(this.#table.dropNode(node));
    this.#relay.forget(node);
  }

  stop(): void {
    this.#stopped = true;
    this.#relay.stop();
    this.#flushTimer?.cancel();
    this.#sweepTimer?.cancel();
    this.#changed.clear();
  }

  #now(): number {
    return Math.floor(this.#deps.clock.monotonic());
  }

  #show(changes: readonly Presence<RoomSession>[]): void {
    if (changes.length === 0 || this.#stopped) return;
    for (const presence of changes) this.#changed.set(presence.client, presence);
    this.#flushTimer ??= this.#deps.clock.after(1_000 / this.#deps.limits.perSecond, () => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#flushTimer = null;
    const batch = [...this.#changed.values()];
    this.#changed.clear();
    const outbound = outboundAwareness(encodePresenceUpdate(batch.map(shownEntry)));
    for (const session of this.#deps.sessions) {
      if (!session.presence.sees) continue;
      const own = batch.filter((presence) => isOf(presence, session));
      // An echo with the client's own clock is ignored by it; one with a later clock would put its state back.
      if (own.length === 0 || (own.length < batch.length && own.every(({ shown, clock }) => shown === clock))) {
        session.send(outbound);
      } else if (own.length < batch.length) {
        const others = batch.filter((presence) => !isOf(presence, session));
        session.send(outboundAwareness(encodePresenceUpdate(others.map(shownEntry))));
      }
    }
  }
}

function isOf({ holder }: Presence<RoomSession>, session: RoomSession): boolean {
  return holder.kind === 'session' && holder.session === session;
}

/** The entry under the clock that this node's sessions are to see. */
function shownEntry({ client, shown, state }: Presence<RoomSession>) {
  return { client, clock: shown, state };
}
