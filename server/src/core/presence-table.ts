import type { PresenceNews } from './presence-order.ts';
import type { PresenceClaim } from './presence-relay.ts';
import { LEFT, type PresenceEntry } from './presence-update.ts';

/** What the table must know of a session: whose it is. */
export interface PresenceSession {
  readonly user: string;
}

/** Where a client's connection is: in a session here, or on another node. */
export type PresenceHolder<Session extends PresenceSession> =
  | { readonly kind: 'session'; readonly session: Session; readonly user: string }
  | { readonly kind: 'node'; readonly node: string; readonly user: string };

/** One client that is here, or that just left (`state` is `LEFT` then). */
export interface Presence<Session extends PresenceSession> extends PresenceEntry {
  /**
   * The clock under which this node's sessions see the client. It runs ahead of the client's own where they saw the
   * client leave under the same clock: they would not take it up again otherwise.
   */
  readonly shown: number;
  readonly holder: PresenceHolder<Session>;
  /** When the client came to its holder, in milliseconds of this node's clock. */
  readonly since: number;
  /** When the holder last spoke of it. */
  readonly heard: number;
}

interface Departed {
  readonly shown: number;
  readonly user: string;
}

/** Clients that one session may bring along in its life. Yjs takes another id now and then; a program that goes on and on does not. */
const ARRIVALS_PER_SESSION = 32;
/** Departed clients whose clock is remembered, so that they can come back under the same id. */
const DEPARTED_LIMIT = 1_000;

/**
 * Who is here in one document, on this node and on others, and who may say so:
 *
 * - Only its holder speaks for a client; stock clients echo what they hear of others, and an echo is no announcement.
 * - Of two holders of one user the later one has the client: it reconnected, and the earlier connection is not known
 *   to be dead. Holders on other nodes tell how long they have had it.
 * - Nobody takes a client from another user, also none that left. Where two nodes disagree about the user, third ones believe the earlier.
 *
 * Methods return what changed for those who look on. Times are milliseconds of one clock that only goes forward.
 */
export class PresenceTable<Session extends PresenceSession> {
  readonly #statesPerSession: number;
  readonly #present = new Map<number, Presence<Session>>();
  readonly #departed = new Map<number, Departed>();
  readonly #arrivals = new WeakMap<Session, number>();

  constructor(statesPerSession: number) {
    this.#statesPerSession = statesPerSession;
  }

  all(): readonly Presence<Session>[] {
    return [...this.#present.values()];
  }

  /** The clients whose connections are here. */
  local(): readonly Presence<Session>[] {
    return this.all().filter(({ holder }) => holder.kind === 'session');
  }

  /** A session's word about a client; `null` when it does not count. `arrived` says that the client is new here. */
  announce(
    session: Session,
    entry: PresenceEntry,
    now: number,
  ): { readonly presence: Presence<Session>; readonly arrived: boolean } | null {
    const known = this.#present.get(entry.client);
    const holder = { kind: 'session', session, user: session.user } as const;
    if (known !== undefined && this.holds(session, entry.client)) {
      const goodbye = entry.clock === known.clock && entry.state === LEFT;
      if (entry.clock <= known.clock && !goodbye) return null;
      return { presence: this.#note({ ...entry, holder, since: known.since, heard: now }), arrived: false };
    }
    if (entry.state === LEFT || !this.#mayTake(session, entry)) return null;
    const arrivals = (this.#arrivals.get(session) ?? 0) + 1;
    if (arrivals > ARRIVALS_PER_SESSION) return null;
    this.#arrivals.set(session, arrivals);
    const arrived = known?.holder.kind !== 'session';
    return { presence: this.#note({ ...entry, holder, since: now, heard: now }), arrived };
  }

  /** Whether a session may announce a client that it does not hold: with news, or as the first thing that it says. */
  #mayTake(session: Session, entry: PresenceEntry): boolean {
    const held = this.#heldBy(session);
    if (held >= this.#statesPerSession) return false;
    const known = this.#present.get(entry.client);
    if (known !== undefined) {
      if (known.holder.user !== session.user) return false;
      return entry.clock > known.shown || (held === 0 && entry.clock >= known.clock);
    }
    const departed = this.#departed.get(entry.client);
    if (departed === undefined) return true;
    return departed.user === session.user && (entry.clock > departed.shown || held === 0);
  }

  /** Whether an entry that did not count says no more than what is known: an echo, and no attempt at anything. */
  isEcho({ client, clock, state }: PresenceEntry): boolean {
    const last = this.#present.get(client) ?? this.#departed.get(client);
    return last === undefined ? state === LEFT : clock <= last.shown;
  }

  /** Whether the client is the session's own at present. */
  holds(session: Session, client: number): boolean {
    const holder = this.#present.get(client)?.holder;
    return holder?.kind === 'session' && holder.session === session;
  }

  #heldBy(session: Session): number {
    let held = 0;
    for (const { holder } of this.#present.values()) {
      if (holder.kind === 'session' && holder.session === session) held += 1;
    }
    return held;
  }

  /** What another node says of the clients it holds; of all of them but those to spare, where `spare` is given. */
  receive(node: string, { claims, spare }: PresenceNews, now: number): readonly Presence<Session>[] {
    const changed: Presence<Session>[] = [];
    for (const claim of claims) {
      const presence = this.#hear(node, claim, now);
      if (presence !== null) changed.push(presence);
    }
    if (spare === null) return changed;
    const named = new Set(claims.map(({ client }) => client));
    const isLeft = (it: Presence<Session>) => isHeldBy(it, node) && !named.has(it.client) && !spare.has(it.client);
    return [...changed, ...this.#removeWhere(isLeft)];
  }

  #hear(node: string, claim: PresenceClaim, now: number): Presence<Session> | null {
    const { client, clock, user, state } = claim;
    const known = this.#present.get(client);
    const since = now - claim.age;
    const holder = { kind: 'node', node, user } as const;
    if (known !== undefined && isHeldBy(known, node)) {
      if (state !== LEFT && clock === known.clock && state === known.state) {
        this.#present.set(client, { ...known, heard: now });
        return null;
      }
      return this.#note({ client, clock, state, holder, since: Math.min(since, known.since), heard: now });
    }
    if (state === LEFT || (known !== undefined && !this.#mayMove(known, { user, since }))) return null;
    return this.#note({ client, clock, state, holder, since, heard: now });
  }

  #mayMove(known: Presence<Session>, to: { readonly user: string; readonly since: number }): boolean {
    if (known.holder.user === to.user) return to.since > known.since;
    return known.holder.kind === 'node' && to.since < known.since;
  }

  /** The session has ended. */
  leave(session: Session): readonly Presence<Session>[] {
    return this.#removeWhere(({ holder }) => holder.kind === 'session' && holder.session === session);
  }

  /** The node is gone, and with it everybody that it held. */
  dropNode(node: string): readonly Presence<Session>[] {
    return this.#removeWhere((presence) => isHeldBy(presence, node));
  }

  /** Drops clients of other nodes that nobody has spoken of since then: their goodbye may have been lost. */
  expire(before: number): readonly Presence<Session>[] {
    return this.#removeWhere(({ holder, heard }) => holder.kind === 'node' && heard < before);
  }

  #removeWhere(matches: (presence: Presence<Session>) => boolean): readonly Presence<Session>[] {
    return this.all()
      .filter((presence) => matches(presence))
      .map((presence) => this.#note({ ...presence, state: LEFT }));
  }

  #note(next: Omit<Presence<Session>, 'shown'>): Presence<Session> {
    const presence = { ...next, shown: this.#nextShown(next) };
    if (next.state === LEFT) {
      this.#present.delete(next.client);
      this.#rememberDeparted(presence);
    } else {
      this.#present.set(next.client, presence);
    }
    return presence;
  }

  /** The next clock that those who look on will take for news; y-protocols takes a goodbye under the same clock too. */
  #nextShown({ client, clock, state }: PresenceEntry): number {
    const known = this.#present.get(client);
    if (known === undefined) return Math.max(clock, (this.#departed.get(client)?.shown ?? -1) + 1);
    const isNews = state !== LEFT && (clock !== known.clock || state !== known.state);
    return Math.max(clock, known.shown + (isNews ? 1 : 0));
  }

  #rememberDeparted({ client, shown, holder }: Presence<Session>): void {
    this.#departed.delete(client);
    this.#departed.set(client, { shown, user: holder.user });
    for (const oldest of this.#departed.keys()) {
      if (this.#departed.size <= DEPARTED_LIMIT) return;
      this.#departed.delete(oldest);
    }
  }
}

function isHeldBy<Session extends PresenceSession>({ holder }: Presence<Session>, node: string): boolean {
  return holder.kind === 'node' && holder.node === node;
}
