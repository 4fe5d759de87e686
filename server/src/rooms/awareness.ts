import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Clock, Timer } from '../ports/clock.ts';
import { outboundAwareness } from './outbound.ts';
import type { RoomSession } from './room-session.ts';

/** One client's presence, kept as the JSON text it came in. */
interface Presence {
  /** The client's own clock, and what to add to it so that peers who saw the client leave take it up again. */
  readonly clock: number;
  readonly lead: number;
  /** JSON text; `null` is a client that left. */
  readonly state: string;
  readonly owner: RoomSession;
}

/** Bounds of what one session may announce. */
export interface AwarenessLimits {
  readonly statesPerSession: number;
  readonly stateBytes: number;
}

const LEFT = 'null';

/** Raised for bytes that are not an awareness update. */
export class MalformedAwareness extends Error {}

/**
 * Who is here in one room. Own map instead of y-protocols' class: nothing is decoded beyond its clock, nobody's id can
 * be taken by another session, and nothing stays behind when a session ends.
 */
export interface RoomAwareness {
  /** Takes an awareness update of a session; returns the clientIDs it newly announced. Throws `MalformedAwareness`. */
  receive(session: RoomSession, update: Uint8Array): readonly number[];
  /** An awareness update with everybody who is here, or `null` when nobody is. */
  encodeAll(): Uint8Array | null;
  /** Marks the session's clients as gone and tells the others. */
  leave(session: RoomSession): void;
  stop(): void;
}

/** Milliseconds over which presence of a room is collected: cursors of many people share one frame. */
const WINDOW = 25;
/** Departed clients whose clock is remembered, so that they can come back under the same id. */
const DEPARTED_LIMIT = 1_000;

export function createRoomAwareness(deps: {
  readonly clock: Clock;
  readonly sessions: ReadonlySet<RoomSession>;
  readonly limits: AwarenessLimits;
}): RoomAwareness {
  return new PresenceMap(deps);
}

type PresenceDeps = Parameters<typeof createRoomAwareness>[0];

class PresenceMap implements RoomAwareness {
  readonly #deps: PresenceDeps;
  readonly #present = new Map<number, Presence>();
  readonly #changed = new Map<number, Presence>();
  /** Last clock that peers saw of clients that are gone. */
  readonly #departed = new Map<number, number>();
  #timer: Timer | null = null;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
  }

  receive(session: RoomSession, update: Uint8Array): readonly number[] {
    const announced: number[] = [];
    const fresh = this.#owned(session) === 0;
    for (const entry of decodePresence(update, this.#deps.limits)) {
      const known = this.#present.get(entry.client);
      if (known === undefined) {
        if (entry.state === LEFT || this.#owned(session) >= this.#deps.limits.statesPerSession) continue;
        announced.push(entry.client);
        const lead = Math.max(0, (this.#departed.get(entry.client) ?? -1) + 1 - entry.clock);
        this.#note(entry.client, { clock: entry.clock, lead, state: entry.state, owner: session });
      } else if (mayReplace(known, entry, { session, fresh })) {
        this.#note(entry.client, { clock: entry.clock, lead: known.lead, state: entry.state, owner: session });
      }
    }
    return announced;
  }

  encodeAll(): Uint8Array | null {
    return this.#present.size === 0 ? null : encodePresence([...this.#present]);
  }

  leave(session: RoomSession): void {
    for (const [client, presence] of this.#present) {
      if (presence.owner === session) this.#note(client, { ...presence, state: LEFT });
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#present.clear();
    this.#changed.clear();
  }

  #owned(session: RoomSession): number {
    let owned = 0;
    for (const presence of this.#present.values()) if (presence.owner === session) owned += 1;
    return owned;
  }

  #note(client: number, presence: Presence): void {
    if (presence.state === LEFT) {
      this.#present.delete(client);
      this.#rememberDeparted(client, presence.clock + presence.lead);
    } else {
      this.#present.set(client, presence);
    }
    this.#changed.set(client, presence);
    this.#timer ??= this.#deps.clock.after(WINDOW, () => {
      this.#flush();
    });
  }

  #rememberDeparted(client: number, clock: number): void {
    this.#departed.delete(client);
    this.#departed.set(client, clock);
    for (const oldest of this.#departed.keys()) {
      if (this.#departed.size <= DEPARTED_LIMIT) return;
      this.#departed.delete(oldest);
    }
  }

  #flush(): void {
    this.#timer = null;
    const batch = [...this.#changed];
    this.#changed.clear();
    const outbound = outboundAwareness(encodePresence(batch));
    for (const session of this.#deps.sessions) {
      const own = batch.filter(([, presence]) => presence.owner === session);
      // An echo with the client's own clock is ignored by it; one with a lead would put its state back.
      if (own.length === 0 || (own.length < batch.length && own.every(([, presence]) => presence.lead === 0))) {
        session.send(outbound);
      } else if (own.length < batch.length) {
        const others = batch.filter(([, presence]) => presence.owner !== session);
        session.send(outboundAwareness(encodePresence(others)));
      }
    }
  }
}

/**
 * Stock clients echo each other's states, so only the session that announced an id speaks for it. A connection that
 * comes back before its predecessor is known to be dead takes the id over: same user, in its first message or with news.
 */
function mayReplace(
  known: Presence,
  entry: DecodedPresence,
  by: { readonly session: RoomSession; readonly fresh: boolean },
): boolean {
  if (known.owner === by.session)
    return entry.clock > known.clock || (entry.clock === known.clock && entry.state === LEFT);
  if (known.owner.user !== by.session.user || entry.state === LEFT) return false;
  return entry.clock > known.clock || (by.fresh && entry.clock === known.clock);
}

interface DecodedPresence {
  readonly client: number;
  readonly clock: number;
  readonly state: string;
}

function encodePresence(entries: readonly (readonly [number, Presence])[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const [client, presence] of entries) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, presence.clock + presence.lead);
    encoding.writeVarString(encoder, presence.state);
  }
  return encoding.toUint8Array(encoder);
}

function decodePresence(update: Uint8Array, limits: AwarenessLimits): readonly DecodedPresence[] {
  try {
    const decoder = decoding.createDecoder(update);
    const count = decoding.readVarUint(decoder);
    if (count > update.byteLength) throw new MalformedAwareness('more states than bytes');
    const entries: DecodedPresence[] = [];
    for (let index = 0; index < count; index += 1) {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const state = decoding.readVarString(decoder);
      if (state.length > limits.stateBytes) continue;
      const parsed: unknown = JSON.parse(state);
      if (parsed !== null && typeof parsed !== 'object') throw new MalformedAwareness('a state is no object');
      entries.push({ client, clock, state: parsed === null ? LEFT : state });
    }
    if (decoding.hasContent(decoder)) throw new MalformedAwareness('bytes left over');
    return entries;
  } catch (error) {
    throw error instanceof MalformedAwareness ? error : new MalformedAwareness('undecodable', { cause: error });
  }
}
